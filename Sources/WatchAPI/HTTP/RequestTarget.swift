/// The target of an HTTP request taken apart: path, and query parameters with percent and plus signs decoded
/// (RFC 3986, and the form encoding of the WHATWG URL standard for the query).
struct RequestTarget {
  var path: String
  var query: [(name: String, value: String)] = []

  init(_ target: String) {
    guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else {
      path = target
      return
    }
    path = String(target[..<mark])
    for pair in target[target.utf8.index(after: mark)...].utf8.split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "="))
      let name = pair[..<(equals ?? pair.endIndex)]
      let value = equals.map { pair[pair.index(after: $0)...] }
      query.append((Self.decode(name), value.map(Self.decode) ?? ""))
    }
  }

  private static func decode(_ text: Substring.UTF8View.SubSequence) -> String {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      text.formIndex(after: &index)
      if byte == UInt8(ascii: "+") {
        bytes.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), let high = hexDigit(text, index),
        let low = hexDigit(text, text.index(after: index))
      {
        bytes.append(high << 4 | low)
        text.formIndex(&index, offsetBy: 2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hexDigit(_ text: Substring.UTF8View.SubSequence, _ index: Substring.Index) -> UInt8? {
    guard index < text.endIndex else { return nil }
    switch text[index] {
    case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"):
      return byte - UInt8(ascii: "0")
    case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"):
      return byte - UInt8(ascii: "a") + 10
    case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"):
      return byte - UInt8(ascii: "A") + 10
    default: return nil
    }
  }
}
