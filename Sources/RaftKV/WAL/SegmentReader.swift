/// Reads one segment's records through a window of bounded size, and judges what is not a record.
struct SegmentReader {
  /// How much is read at a time, unless told otherwise; a larger record makes the window as large as itself.
  static let windowBytes = 1 << 20
  /// What a disk writes whole or not at all.
  static let sectorBytes = 512

  let file: any File
  let size: Int
  let seed: UInt32
  private let windowBytes: Int
  private var window: [UInt8] = []
  private var windowStart = 0
  private var windowEnd = 0

  init(file: any File, seed: UInt32, windowBytes: Int = SegmentReader.windowBytes) throws(FileError) {
    self.file = file
    self.size = try file.size()
    self.seed = seed
    self.windowBytes = windowBytes
  }

  /// What lies at an offset.
  enum Found {
    case record(RecordHeader, payload: [UInt8])
    /// No intact record; the header may be intact all the same.
    case damaged(RecordHeader?)
  }

  /// Reads the record at an offset.
  mutating func record(at offset: Int) throws(FileError) -> Found {
    guard let header = try header(at: offset) else { return .damaged(nil) }
    let paddedBytes = header.recordBytes - RecordHeader.byteCount
    let start = try load(offset, count: header.recordBytes) + RecordHeader.byteCount
    let payload: [UInt8]? = window.withUnsafeBytes { window in
      let padded = UnsafeRawBufferPointer(rebasing: window[start..<start + paddedBytes])
      return header.matches(paddedPayload: padded) ? Array(padded.prefix(header.payloadBytes)) : nil
    }
    guard let payload else { return .damaged(header) }
    return .record(header, payload: payload)
  }

  /// What the intact record headers beyond a bad record tell.
  struct Aftermath {
    /// One of them was written when the bad record was already durable.
    var provesDurable = false
    /// The index of the first entry among them.
    var firstIndex: UInt64?
  }

  /// Searches everything from a bad record at `offset` on.
  mutating func aftermath(of offset: Int) throws(FileError) -> Aftermath {
    var aftermath = Aftermath()
    var position = offset
    while let data = try file.nextData(from: position) {
      position = max(position, data & ~7)
      let end = min(size, position + windowBytes)
      while position < end {
        guard let header = try header(at: position) else {
          position += 8
          continue
        }
        if header.durableOffset > offset { aftermath.provesDurable = true }
        if header.isEntry && position > offset && aftermath.firstIndex == nil {
          aftermath.firstIndex = header.index
        }
        position += header.recordBytes
      }
    }
    return aftermath
  }

  /// Whether bytes written to blank space may look like this because a crash kept some sectors and not others:
  /// then at least one sector's part of them is still blank.
  mutating func mayBeTorn(_ range: Range<Int>) throws(FileError) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let sectorEnd = (position / SegmentReader.sectorBytes + 1) * SegmentReader.sectorBytes
      let end = min(sectorEnd, range.upperBound)
      if end > size { return true }
      let start = try load(position, count: end - position)
      if window[start..<start + end - position].allSatisfy({ $0 == 0 }) { return true }
      position = end
    }
    return false
  }

  /// Where the next byte other than zero is, from an offset on.
  mutating func nextNonzero(from offset: Int) throws(FileError) -> Int? {
    var position = offset
    while let data = try file.nextData(from: position), data < size {
      let count = min(size - data, windowBytes)
      let start = try load(data, count: count)
      if let found = window[start..<start + count].firstIndex(where: { $0 != 0 }) {
        return data + found - start
      }
      position = data + count
    }
    return nil
  }

  /// The segment's header, or what is in its place.
  func segmentHeader() throws(FileError) -> SegmentHeader.Decoded {
    var bytes = [UInt8](repeating: 0, count: min(size, SegmentHeader.byteCountMax))
    var span = bytes.mutableSpan
    var all = span.mutableBytes
    let read = try file.read(into: &all, at: 0)
    return SegmentHeader.decode(Array(bytes[..<read]))
  }

  /// The intact record header at an offset, nil if there is none; its payload may be damaged.
  mutating func header(at offset: Int) throws(FileError) -> RecordHeader? {
    guard offset + RecordHeader.byteCount <= size else { return nil }
    let start = try load(offset, count: RecordHeader.byteCount)
    let seed = seed
    let header = window.withUnsafeBytes { window in
      let end = start + RecordHeader.byteCount
      return RecordHeader(UnsafeRawBufferPointer(rebasing: window[start..<end]), seed: seed)
    }
    guard let header, header.recordBytes <= size - offset && header.durableOffset <= offset else {
      return nil
    }
    return header
  }

  /// Brings `count` bytes from `offset` into the window, which must all lie in the file; returns where in it.
  private mutating func load(_ offset: Int, count: Int) throws(FileError) -> Int {
    if offset >= windowStart && offset + count <= windowEnd { return offset - windowStart }
    let wanted = min(max(count, windowBytes), size - offset)
    if window.count != wanted { window = [UInt8](repeating: 0, count: wanted) }
    windowStart = offset
    windowEnd = offset
    let file = file
    var span = window.mutableSpan
    var bytes = span.mutableBytes
    let read = try file.read(into: &bytes, at: offset)
    // A file that shrank while it was read: what is gone reads as zeros, which no record is.
    if read < wanted { for index in read..<wanted { window[index] = 0 } }
    windowEnd = offset + wanted
    return 0
  }
}
