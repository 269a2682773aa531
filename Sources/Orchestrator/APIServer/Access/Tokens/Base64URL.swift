import Objects

/// Bytes as text in the alphabet for URLs, without padding (RFC 7515: `BASE64URL`).
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var letters: [UInt8] = []
    for letter in Base64.encode(Array(bytes)).utf8 {
      switch letter {
      case UInt8(ascii: "+"): letters.append(UInt8(ascii: "-"))
      case UInt8(ascii: "/"): letters.append(UInt8(ascii: "_"))
      case UInt8(ascii: "="): break
      default: letters.append(letter)
      }
    }
    return String(decoding: letters, as: UTF8.self)
  }

  /// Nil if there is any other letter in the text.
  static func decode(_ text: Substring) -> [UInt8]? {
    var letters: [UInt8] = []
    for letter in text.utf8 {
      switch letter {
      case UInt8(ascii: "-"): letters.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): letters.append(UInt8(ascii: "/"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        letters.append(letter)
      default: return nil
      }
    }
    while letters.count % 4 != 0 { letters.append(UInt8(ascii: "=")) }
    return try? Base64.decode(String(decoding: letters, as: UTF8.self))
  }
}
