/// Why a text is not JSON, in the words of Kubernetes' API server.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, such as `unexpected end of JSON input`.
  public let description: String
  /// The byte at which it is wrong, counted from 0.
  public let offset: Int

  /// An error at a byte.
  public init(_ description: String, offset: Int) {
    self.description = description
    self.offset = offset
  }
}

extension JSONError {
  static func unexpectedEnd(at offset: Int) -> JSONError {
    JSONError("unexpected end of JSON input", offset: offset)
  }

  /// What stands at the offset cannot stand there; `place` ends the sentence, such as `looking for beginning of value`.
  static func invalidCharacter(in bytes: [UInt8], at offset: Int, _ place: String) -> JSONError {
    guard offset < bytes.count else { return unexpectedEnd(at: offset) }
    return JSONError("invalid character \(quotedCharacter(in: bytes, at: offset)) \(place)", offset: offset)
  }

  /// The character as Go's `strconv.QuoteRune` writes it; a byte that is no UTF-8 as `'\xc7'`.
  private static func quotedCharacter(in bytes: [UInt8], at offset: Int) -> String {
    let length = UTF8Repair.sequenceLength(in: bytes, at: offset)
    guard length > 0 else { return "'\\x" + String(bytes[offset], radix: 16) + "'" }
    switch bytes[offset] {
    case 0x07: return "'\\a'"
    case 0x08: return "'\\b'"
    case 0x09: return "'\\t'"
    case 0x0A: return "'\\n'"
    case 0x0B: return "'\\v'"
    case 0x0C: return "'\\f'"
    case 0x0D: return "'\\r'"
    case UInt8(ascii: "'"): return "'\\''"
    case UInt8(ascii: "\\"): return "'\\\\'"
    case 0..<0x20, 0x7F:
      let digits = String(bytes[offset], radix: 16)
      return "'\\x" + (digits.count < 2 ? "0" : "") + digits + "'"
    default: return "'" + String(decoding: bytes[offset..<offset + length], as: UTF8.self) + "'"
    }
  }
}
