/// Bytes as text (RFC 4648, section 4), with padding; line ends in the text are read over.
public enum Base64 {
  /// Where a text stops being base64, in Kubernetes' words.
  public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The byte at fault.
    public let offset: Int
    /// Such as `illegal base64 data at input byte 4`.
    public var description: String { "illegal base64 data at input byte \(offset)" }
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  /// The bytes as text.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group = UInt32(bytes[start]) << 16
      if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
      if count > 2 { group |= UInt32(bytes[start + 2]) }
      for place in 0..<4 {
        text.append(place <= count ? alphabet[Int(group >> UInt32(18 - 6 * place) & 63)] : padding)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text.
  public static func decode(_ text: String) throws(ParseError) -> [UInt8] {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count / 4 * 3)
    var group: UInt32 = 0
    var count = 0
    var position = 0
    while position < source.count {
      let letter = source[position]
      if letter == padding {
        try finish(source, at: position, after: count)
        if count == 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 4)) }
        if count == 3 {
          bytes.append(UInt8(truncatingIfNeeded: group >> 10))
          bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        }
        return bytes
      }
      position += 1
      if isLineEnd(letter) { continue }
      let value = values[Int(letter)]
      guard value != 0xFF else { throw ParseError(offset: position - 1) }
      group = group << 6 | UInt32(value)
      count += 1
      if count == 4 {
        bytes.append(UInt8(truncatingIfNeeded: group >> 16))
        bytes.append(UInt8(truncatingIfNeeded: group >> 8))
        bytes.append(UInt8(truncatingIfNeeded: group))
        (group, count) = (0, 0)
      }
    }
    guard count == 0 else { throw ParseError(offset: position - count) }
    return bytes
  }

  /// Checks the padding that starts here, after so many letters of the last group, and that nothing follows.
  private static func finish(_ source: [UInt8], at start: Int, after count: Int) throws(ParseError) {
    guard count >= 2 else { throw ParseError(offset: start) }
    var position = start + 1
    func skipLineEnds() { while position < source.count, isLineEnd(source[position]) { position += 1 } }
    if count == 2 {
      skipLineEnds()
      guard position < source.count else { throw ParseError(offset: source.count) }
      guard source[position] == padding else { throw ParseError(offset: position - 1) }
      position += 1
    }
    skipLineEnds()
    guard position == source.count else { throw ParseError(offset: position) }
  }

  private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
