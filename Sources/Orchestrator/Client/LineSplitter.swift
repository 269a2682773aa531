/// Puts the lines of a stream together from chunks that are cut anywhere.
struct LineSplitter: Sendable {
  /// A line is longer than is taken.
  struct LineTooLong: Error, Sendable, Hashable {
    /// In bytes.
    let limit: Int
  }

  private let limit: Int
  /// The start of a line whose end has not come.
  private var rest: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// The lines that end in this chunk, with or without their line feeds; blank ones are left out.
  mutating func lines(_ chunk: [UInt8]) throws(LineTooLong) -> [[UInt8]] {
    let feed = UInt8(ascii: "\n")
    // A chunk mostly is one line, which is then not copied.
    if rest.isEmpty, let first = chunk.firstIndex(of: feed), first == chunk.count - 1 {
      guard chunk.count <= limit + 1 else { throw LineTooLong(limit: limit) }
      return first == 0 ? [] : [chunk]
    }
    var lines: [[UInt8]] = []
    var start = 0
    while let end = chunk[start...].firstIndex(of: feed) {
      guard rest.count + end - start <= limit else { throw LineTooLong(limit: limit) }
      if rest.isEmpty {
        if end > start { lines.append(Array(chunk[start..<end])) }
      } else {
        rest += chunk[start..<end]
        lines.append(rest)
        rest = []
      }
      start = end + 1
    }
    guard rest.count + chunk.count - start <= limit else { throw LineTooLong(limit: limit) }
    rest += chunk[start...]
    return lines
  }
}
