/// The path of a request to what a proxy leads to.
enum ProxyPath {
  /// Splits the path of a request behind the first `segments` segments: what was asked of the API server, and what is
  /// asked of the other side.
  static func split(_ path: String, segments: Int) -> (prefix: String, rest: String) {
    var left = segments
    var index = path.startIndex
    while index < path.endIndex {
      if path[index] == "/" {
        if left == 0 { break }
        left -= 1
      }
      path.formIndex(after: &index)
    }
    return (String(path[..<index]), String(path[index...]))
  }

  /// Path and query, encoded as they are sent (RFC 3986).
  static func target(_ path: String, _ query: [(name: String, value: String)]) -> String {
    let path = encoded(path, more: "/:@!$&'()*+,;=")
    guard !query.isEmpty else { return path }
    return path + "?" + query.map { encoded($0.name) + "=" + encoded($0.value) }.joined(separator: "&")
  }

  private static func encoded(_ text: String, more: String = "") -> String {
    let digits = Array("0123456789ABCDEF")
    let plain = Set(("-._~" + more).utf8)
    var encoded = ""
    for byte in text.utf8 {
      let isLetter = (0x61...0x7A).contains(byte | 0x20)
      if isLetter || (0x30...0x39).contains(byte) || plain.contains(byte) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return encoded
  }
}
