/// Strings from bytes that should be UTF-8, each byte that is not replaced by U+FFFD: one for each byte, as Go does it,
/// where Swift replaces runs.
enum UTF8Repair {
  /// The text of these bytes.
  static func string(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let source = Array(bytes)
    var repaired: [UInt8] = []
    repaired.reserveCapacity(source.count + 16)
    var position = 0
    while position < source.count {
      let length = sequenceLength(in: source, at: position)
      if length == 0 {
        repaired += [0xEF, 0xBF, 0xBD]
        position += 1
      } else {
        repaired += source[position..<position + length]
        position += length
      }
    }
    return String(decoding: repaired, as: UTF8.self)
  }

  /// How many bytes the character at this place takes; 0 when it is not valid UTF-8.
  static func sequenceLength(in bytes: [UInt8], at offset: Int) -> Int {
    let lead = bytes[offset]
    // Overlong forms, surrogates and values past U+10FFFF are told by the second byte.
    let (length, second): (Int, ClosedRange<UInt8>)
    switch lead {
    case 0..<0x80: return 1
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else { return 0 }
    for place in offset + 2..<max(offset + length, offset + 2) where bytes[place] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
