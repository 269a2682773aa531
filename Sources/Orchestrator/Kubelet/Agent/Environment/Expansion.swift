/// Variables in values, commands and arguments: `$(NAME)` stands for a variable, `$$` for `$`; what names no known
/// variable stays as it is.
enum Expansion {
  static func expand(_ text: String, _ value: (String) -> String?) -> String {
    let dollar = UInt8(ascii: "$")
    guard text.utf8.contains(dollar) else { return text }
    let input = Array(text.utf8)
    var output: [UInt8] = []
    var at = 0
    while at < input.count {
      guard input[at] == dollar, at + 1 < input.count else {
        output.append(input[at])
        at += 1
        continue
      }
      switch input[at + 1] {
      case dollar:
        output.append(dollar)
        at += 2
      case UInt8(ascii: "("):
        guard let end = input[(at + 2)...].firstIndex(of: UInt8(ascii: ")")) else {
          output += [dollar, UInt8(ascii: "(")]
          at += 2
          continue
        }
        let name = String(decoding: input[(at + 2)..<end], as: UTF8.self)
        output += value(name).map { Array($0.utf8) } ?? Array(input[at...end])
        at = end + 1
      default:
        output += [dollar, input[at + 1]]
        at += 2
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}
