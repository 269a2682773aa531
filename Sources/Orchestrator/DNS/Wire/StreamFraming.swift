/// Cuts what comes over TCP into messages: each stands behind its length in two bytes (RFC 1035).
public struct StreamFraming: Sendable {
  private var pending: [UInt8] = []

  /// Nothing has come yet.
  public init() {}

  /// Takes bytes, and gives the messages that are complete. Keeps less than one message.
  public mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    pending += bytes
    var messages: [[UInt8]] = []
    var place = 0
    while pending.count - place >= 2 {
      let length = Int(pending[place]) << 8 | Int(pending[place + 1])
      guard pending.count - place - 2 >= length else { break }
      messages.append(Array(pending[(place + 2)..<(place + 2 + length)]))
      place += 2 + length
    }
    pending.removeSubrange(..<place)
    return messages
  }

  /// A message with its length. Messages of more than 65,535 bytes do not exist.
  public static func framed(_ message: [UInt8]) -> [UInt8] {
    let length = UInt16(clamping: message.count)
    return [UInt8(length >> 8), UInt8(truncatingIfNeeded: length)] + message.prefix(Int(length))
  }
}
