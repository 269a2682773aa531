import Objects

/// What stands before the text in a line of a container's log: `TIME STREAM TAGS `, as runtimes write it (CRI).
struct LogLineHead: Hashable {
  /// Bytes of a head, at most; a line without one within them is none of a runtime's.
  static let limit = 128

  /// As written, such as `2026-11-28T17:00:00.123456789+01:00`.
  let timeText: String
  let time: Timestamp
  let isError: Bool
  /// The text continues in the next line of this stream.
  let isPartial: Bool

  /// - Parameter bytes: up to the blank before the text, without it.
  init?(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let text = String(decoding: parts[0], as: UTF8.self)
    guard let time = Timestamp(text) else { return nil }
    switch String(decoding: parts[1], as: UTF8.self) {
    case "stdout": isError = false
    case "stderr": isError = true
    default: return nil
    }
    // Further tags may follow the first, behind colons.
    switch parts[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).first.map(
      Array.init)
    {
    case [UInt8(ascii: "F")]: isPartial = false
    case [UInt8(ascii: "P")]: isPartial = true
    default: return nil
    }
    timeText = text
    self.time = time
  }

  /// The time with nine digits for the fraction, in the zone in which it was written.
  var fixedTimeText: String {
    let second = timeText.prefix(19)
    var rest = timeText.dropFirst(19)
    var digits = ""
    if rest.first == "." || rest.first == "," {
      rest = rest.dropFirst()
      digits = String(rest.prefix { $0.isNumber })
      rest = rest.dropFirst(digits.count)
    }
    return second + "." + digits.prefix(9) + String(repeating: "0", count: max(0, 9 - digits.count)) + rest
  }
}
