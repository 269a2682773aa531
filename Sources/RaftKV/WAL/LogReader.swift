import Synchronization

/// Reads entries back from a log that another thread is writing, such as for a member that lags behind.
///
/// Any thread may use it, also while the log appends, syncs and releases; none of these waits for a reader. It sees
/// what is durable. The latest written record of an index counts, and what was overwritten is void.
public final class LogReader: Sendable {
  /// Bytes that a record counts beside its payload.
  public static let recordOverheadBytes = RecordHeader.byteCount

  private let fileSystem: any FileSystem
  private let names: SegmentNames
  private let identity: UInt64
  private let marks: Mutex<EntryMarks>

  init(fileSystem: any FileSystem, names: SegmentNames, identity: UInt64, marks: EntryMarks) {
    self.fileSystem = fileSystem
    self.names = names
    self.identity = identity
    self.marks = Mutex(marks)
  }

  /// Entries as they were read back.
  public struct Entries: Sendable, Hashable {
    /// The term of the entry before the first of `records`.
    public var precedingTerm: UInt64
    /// At least one entry; their indexes have no gap.
    public var records: [LogRecord]
  }

  /// The lowest entry that can be read; entries before it may still be in files, but are not offered. It rises by
  /// `release`, and is one more than `lastIndex` if nothing can be read.
  public var firstIndex: UInt64 { marks.withLock { min($0.firstReadable, $0.last &+ 1) } }

  /// The highest entry that can be read: the last durable one.
  public var lastIndex: UInt64 { marks.withLock { $0.last } }

  /// The entries from an index on, through another or until they take `maximumBytes`, payloads and
  /// `recordOverheadBytes` each; the first is given whatever its size. They may be fewer.
  ///
  /// nil if the first is not there: it is gone, or not durable yet; also if it goes while it is read. It costs reading
  /// what is returned, and at most some 64 KiB before that.
  ///
  /// Throws `WALError.corrupt` if a record is not what was written, and `WALError.file` if a file cannot be read.
  public func read(
    from first: UInt64, through last: UInt64, maximumBytes: Int
  ) throws(WALError) -> Entries? {
    let view = marks.withLock { marks -> View? in
      guard first <= last, first >= marks.firstReadable, first <= marks.last else { return nil }
      return View(
        generation: marks.generation, last: min(last, marks.last),
        precedingTerm: first == marks.first ? marks.precedingTerm : nil)
    }
    guard let view else { return nil }
    var reading = Reading(first: first, last: view.last, bytesLeft: maximumBytes)
    reading.precedingTerm = view.precedingTerm
    // The entry before the first is read for its term.
    if view.precedingTerm == nil { reading.next = first - 1 }
    while !reading.isDone, let run = run(of: reading.next, view.generation) {
      guard try read(run, &reading) else { break }
    }
    guard let term = reading.precedingTerm, !reading.records.isEmpty else { return nil }
    return Entries(precedingTerm: term, records: reading.records)
  }

  /// What is readable when a call begins.
  private struct View {
    var generation: UInt64
    var last: UInt64
    var precedingTerm: UInt64?
  }

  /// A call under way.
  private struct Reading {
    /// The first entry that is asked for.
    let first: UInt64
    let last: UInt64
    var bytesLeft: Int
    var next: UInt64
    var precedingTerm: UInt64?
    var records: [LogRecord] = []
    var isFull = false

    init(first: UInt64, last: UInt64, bytesLeft: Int) {
      self.first = first
      self.last = last
      self.bytesLeft = bytesLeft
      next = first
    }

    var isDone: Bool { isFull || next > last }

    /// Whether a further record is wanted; the first always is.
    mutating func takes(payload bytes: Int) -> Bool {
      let cost = bytes + LogReader.recordOverheadBytes
      if !records.isEmpty && cost > bytesLeft {
        isFull = true
      } else {
        bytesLeft -= min(cost, bytesLeft)
      }
      return !isFull
    }
  }

  /// Where an entry lies, unless it is gone, or entries have become void since the call began: what was read before
  /// does not go together with what would be read now.
  private func run(of index: UInt64, _ generation: UInt64) -> EntryMarks.Run? {
    marks.withLock { $0.generation == generation ? $0.run(of: index) : nil }
  }

  /// Reads from the run what is still wanted; false if its file is gone.
  private func read(_ run: EntryMarks.Run, _ reading: inout Reading) throws(WALError) -> Bool {
    let path = names.segment(run.mark.sequence)
    do {
      let windowBytes = min(SegmentReader.windowBytes, max(64 << 10, reading.bytesLeft))
      var reader = try SegmentReader(
        file: fileSystem.open(path, .readOnly),
        seed: SegmentHeader.seed(identity: identity, sequence: run.mark.sequence), windowBytes: windowBytes)
      try read(run, of: path, &reader, &reading)
      return true
    } catch let error as FileError {
      // Released since its place was looked up.
      if error.isNotFound && marks.withLock({ $0.run(of: run.mark.index)?.mark != run.mark }) { return false }
      throw .file(error)
    } catch {
      // Nothing above throws anything else.
      throw error as! WALError
    }
  }

  private func read(
    _ run: EntryMarks.Run, of path: String, _ reader: inout SegmentReader, _ reading: inout Reading
  ) throws {
    var offset = run.mark.offset
    var index = run.mark.index
    let last = min(run.last, reading.last)
    while index <= last {
      func corrupt(_ reason: String) -> WALError {
        .corrupt(Corruption(path: path, offset: offset, reason: reason, lastIndexBefore: index - 1))
      }
      guard let header = try reader.header(at: offset) else { throw corrupt("there is no intact record") }
      guard header.isEntry else {
        offset += header.recordBytes
        continue
      }
      guard header.index == index else {
        throw corrupt("entry \(header.index) lies in the place of entry \(index)")
      }
      if index == reading.next {
        if index < reading.first {
          reading.precedingTerm = header.term
        } else {
          guard reading.takes(payload: header.payloadBytes) else { return }
          guard case .record(_, let payload) = try reader.record(at: offset) else {
            throw corrupt("the payload of the record with index \(index) is damaged")
          }
          reading.records.append(LogRecord(header, payload: payload))
        }
        reading.next += 1
      }
      offset += header.recordBytes
      index += 1
    }
  }

  // MARK: For the log

  /// Entries that need a mark, in write order, and all others up to `last` are durable.
  func publish(_ notes: [EntryNote], last: UInt64) {
    marks.withLock { marks in
      for note in notes {
        marks.advance(to: note.lastBefore)
        marks.add(note.index, sequence: note.sequence, offset: note.offset)
      }
      marks.advance(to: last)
    }
  }

  /// Entries from an index on are void, of those that are durable. What is not yet durable is told by `publish`.
  func truncate(from index: UInt64) {
    marks.withLock { if index <= $0.last { $0.truncate(from: index) } }
  }

  /// All entries are void; the next one comes after `index`.
  func beginAnew(after index: UInt64, term: UInt64) {
    marks.withLock { $0.beginAnew(after: index, term: term) }
  }

  /// Segments up to `sequence` are about to go.
  func remove(through sequence: UInt64) { marks.withLock { $0.remove(through: sequence) } }
}

/// An entry that was appended and needs a mark once it is durable.
struct EntryNote: Sendable {
  var index: UInt64
  var sequence: UInt64
  var offset: Int
  /// The last entry before it, in write order.
  var lastBefore: UInt64
}
