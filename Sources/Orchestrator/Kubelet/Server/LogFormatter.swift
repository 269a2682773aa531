import Objects

/// Turns the bytes of a container's log file into what a client gets. Takes them in pieces of any size and holds no more
/// than the head of a line.
struct LogFormatter {
  private enum State {
    /// What has come of a line's head.
    case head([UInt8])
    /// In a line's text.
    case text(isWanted: Bool, isPartial: Bool)
    /// In a line that is not understood.
    case unreadable
  }

  private let options: LogOptions
  private var state = State.head([])
  /// The text goes on from the line before.
  private var isContinued = false
  private var bytesLeft: Int
  /// Lines of the file that are still to be read, if there is a bound.
  private var linesLeft: Int?

  /// Nothing more is to come, whatever the file holds.
  private(set) var isDone = false

  /// - Parameter lines: lines of the file to read at most.
  init(_ options: LogOptions, lines: Int? = nil) {
    self.options = options
    bytesLeft = options.limitBytes ?? .max
    linesLeft = lines
    isDone = lines == 0
  }

  /// Adds to `output` what follows from further bytes of the file.
  mutating func format(_ bytes: [UInt8], into output: inout [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty, !isDone {
      switch state {
      case .head(let known): rest = readHead(known, rest, &output)
      case .text(let isWanted, let isPartial): rest = readText(isWanted, isPartial, rest, &output)
      case .unreadable: rest = skipLine(rest)
      }
    }
  }

  /// The file ends here and another one follows: a line that was cut off goes no further.
  mutating func startFile() { state = .head([]) }

  private mutating func readHead(
    _ known: [UInt8], _ bytes: ArraySlice<UInt8>, _ output: inout [UInt8]
  ) -> ArraySlice<UInt8> {
    var head = known
    var blanks = head.count { $0 == UInt8(ascii: " ") }
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        // A line without text may lack the blank before it.
        begin(LogLineHead(head), &output)
        return bytes[index...]
      }
      index += 1
      if byte == UInt8(ascii: " ") {
        blanks += 1
        if blanks == 3 {
          begin(LogLineHead(head), &output)
          return bytes[index...]
        }
      }
      head.append(byte)
      if head.count > LogLineHead.limit {
        state = .unreadable
        return bytes[index...]
      }
    }
    state = .head(head)
    return bytes[index...]
  }

  private mutating func begin(_ head: LogLineHead?, _ output: inout [UInt8]) {
    guard let head else {
      state = .unreadable
      return
    }
    var isWanted = options.since.map { head.time >= $0 } ?? true
    switch options.stream {
    case .all: break
    case .standardOutput: isWanted = isWanted && !head.isError
    case .standardError: isWanted = isWanted && head.isError
    }
    state = .text(isWanted: isWanted, isPartial: head.isPartial)
    if isWanted, options.hasTimestamps, !isContinued {
      write(Array((head.fixedTimeText + " ").utf8)[...], &output)
    }
  }

  private mutating func readText(
    _ isWanted: Bool, _ isPartial: Bool, _ bytes: ArraySlice<UInt8>, _ output: inout [UInt8]
  ) -> ArraySlice<UInt8> {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      if isWanted { write(bytes, &output) }
      return []
    }
    if isWanted {
      write(isPartial ? bytes[..<end] : bytes[...end], &output)
      isContinued = isPartial
    }
    endLine()
    return bytes[(end + 1)...]
  }

  private mutating func skipLine(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
    endLine()
    return bytes[(end + 1)...]
  }

  private mutating func endLine() {
    state = .head([])
    guard let lines = linesLeft else { return }
    linesLeft = lines - 1
    if lines <= 1 { isDone = true }
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>, _ output: inout [UInt8]) {
    output += bytes.prefix(bytesLeft)
    bytesLeft -= min(bytesLeft, bytes.count)
    if bytesLeft == 0 { isDone = true }
  }
}
