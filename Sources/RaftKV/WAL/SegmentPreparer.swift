import Synchronization

/// Makes segment files ahead of their use, so that starting a new segment costs one write and no metadata sync.
///
/// A prepared segment is a file under its final name, allocated and all zeros, and durable as such. Recovery
/// takes such a file at the end of the log for what it is.
final class SegmentPreparer: Sendable {
  private struct State {
    var ready: (sequence: UInt64, segment: BlankSegment)?
    var lastTaken: UInt64
  }

  private let fileSystem: any FileSystem
  private let names: SegmentNames
  private let segmentBytes: Int
  /// Open, and so locked, for as long as a preparation may be under way: nobody else's segment gets in its way.
  private let lockFile: any File
  private let state: Mutex<State>

  init(
    fileSystem: any FileSystem, names: SegmentNames, segmentBytes: Int, last: UInt64, lockFile: any File
  ) {
    self.lockFile = lockFile
    self.fileSystem = fileSystem
    self.names = names
    self.segmentBytes = segmentBytes
    self.state = Mutex(State(lastTaken: last))
  }

  /// Makes the segment unless it is there or was already taken. Any thread may call this; a failure is left for
  /// `take` to meet again.
  func prepare(_ sequence: UInt64) {
    state.withLock { state in
      guard state.ready == nil && sequence > state.lastTaken else { return }
      if let segment = try? make(sequence, bytes: segmentBytes) { state.ready = (sequence, segment) }
    }
  }

  /// Makes an allocated file of zeros the segment, unless there is none or the segment is ready.
  func adopt(_ path: String, as sequence: UInt64) throws(FileError) {
    try state.withLock { state throws(FileError) in
      guard state.ready == nil && sequence > state.lastTaken else { return }
      let file: any File
      do throws(FileError) {
        file = try fileSystem.open(path, .readWrite)
      } catch {
        if error.isNotFound { return }
        throw error
      }
      let capacity = try file.size()
      try fileSystem.rename(path, to: names.segment(sequence))
      try fileSystem.syncDirectory(names.directory)
      state.ready = (sequence, BlankSegment(file: file, capacity: capacity))
    }
  }

  /// The segment, of at least `bytesMin`; waits for a preparation that is under way, else makes it.
  func take(_ sequence: UInt64, bytesMin: Int) throws(FileError) -> BlankSegment {
    try state.withLock { state throws(FileError) in
      if let ready = state.ready, ready.sequence == sequence, ready.segment.capacity >= bytesMin {
        state.ready = nil
        state.lastTaken = sequence
        return ready.segment
      }
      // One that is too small is replaced: its file is gone even if that fails, and must not be given out later.
      state.ready = nil
      let segment = try makeWhatFits(sequence, bytesMin: bytesMin)
      state.lastTaken = sequence
      return segment
    }
  }

  /// On a disk with too little space for a whole segment a small one will do.
  private func makeWhatFits(_ sequence: UInt64, bytesMin: Int) throws(FileError) -> BlankSegment {
    do {
      return try make(sequence, bytes: max(segmentBytes, bytesMin))
    } catch {
      let smallest = max(segmentBytes / 64, bytesMin)
      guard error.isOutOfSpace, smallest < segmentBytes else { throw error }
      return try make(sequence, bytes: smallest)
    }
  }

  /// Leaves nothing behind when it fails.
  private func make(_ sequence: UInt64, bytes: Int) throws(FileError) -> BlankSegment {
    let path = names.segment(sequence)
    // One that is too small for this use, or that an earlier failure could not remove.
    do { try fileSystem.remove(path) } catch  where error.isNotFound {}
    let file = try fileSystem.open(path, .createNew)
    do {
      try file.preallocate(bytes)
      try file.sync()
      try fileSystem.syncDirectory(names.directory)
    } catch {
      try? fileSystem.remove(path)
      throw error
    }
    return BlankSegment(file: file, capacity: bytes)
  }
}

/// An allocated file of zeros.
struct BlankSegment: Sendable {
  var file: any File
  var capacity: Int
}
