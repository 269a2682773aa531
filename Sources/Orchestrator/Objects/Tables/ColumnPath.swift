/// The JSONPath expressions of custom resources' columns: `.spec.replicas`, `.items[0]`, `[1:3]`, `[*]`, `['key']`,
/// `.metadata.labels.app\.kubernetes\.io/name` and `.status.conditions[?(@.type=="Ready")].status`.
struct ColumnPath: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case member(String)
    /// Negative ones count from the end.
    case element(Int)
    case slice(Int?, Int?)
    /// All elements of a list or members of an object.
    case everything
    case filter(Filter)
  }

  /// A comparison that the elements of a list must meet; without a right side, the left one must exist.
  struct Filter: Sendable, Hashable {
    enum Comparison: String, Sendable, CaseIterable {
      // In this order, so that `<=` is not read as `<`.
      case equal = "=="
      case notEqual = "!="
      case lessOrEqual = "<="
      case greaterOrEqual = ">="
      case less = "<"
      case greater = ">"
    }

    enum Operand: Sendable, Hashable {
      case path(ColumnPath)
      case literal(JSON)
    }

    let left: Operand
    let comparison: Comparison?
    let right: Operand?
  }

  let steps: [Step]

  private init(steps: [Step]) { self.steps = steps }

  /// nil if the expression cannot be read. Braces around it are allowed.
  init?(_ text: String) { self.init(text[...], depth: 0) }

  private init?(_ text: Substring, depth: Int) {
    guard depth < Self.deepestFilter, var rest = Self.unbraced(text) else { return nil }
    if let first = rest.first, first == "$" || first == "@" { rest = rest.dropFirst() }
    var steps: [Step] = []
    while let first = rest.first {
      rest = rest.dropFirst()
      switch first {
      case ".":
        if rest.first == "[" { continue }
        guard let name = Self.memberName(&rest) else { return nil }
        steps.append(name == "*" ? .everything : .member(name))
      case "[":
        guard let inner = Self.bracketed(&rest), let step = Self.step(inner, depth: depth) else { return nil }
        steps.append(step)
      default:
        return nil
      }
    }
    self.init(steps: steps)
  }

  /// The first value at the end of the path; nil if there is none.
  func first(in root: JSON) -> JSON? { results(in: root).first }

  private func results(in root: JSON) -> [JSON] {
    var values = [root]
    for step in steps {
      values = values.flatMap { Self.values(of: $0, at: step) }
      if values.isEmpty { break }
    }
    return values
  }

  private static func values(of value: JSON, at step: Step) -> [JSON] {
    switch step {
    case .member(let name):
      return value[name].map { [$0] } ?? []
    case .element(let index):
      guard let array = value.array else { return [] }
      let place = index < 0 ? array.count + max(index, -array.count - 1) : index
      return array.indices.contains(place) ? [array[place]] : []
    case .slice(let start, let end):
      guard let array = value.array else { return [] }
      let (start, end) = (min(max(start ?? 0, 0), array.count), min(max(end ?? array.count, 0), array.count))
      return start < end ? Array(array[start..<end]) : []
    case .everything:
      return value.array ?? value.object?.map(\.value) ?? []
    case .filter(let filter):
      return (value.array ?? []).filter(filter.accepts)
    }
  }

  /// How deep filters may stand in filters.
  private static let deepestFilter = 4
}

extension ColumnPath.Filter {
  func accepts(_ element: JSON) -> Bool {
    guard let left = Self.value(of: left, in: element) else { return false }
    guard let comparison, let right else { return true }
    guard let right = Self.value(of: right, in: element) else { return false }
    switch comparison {
    case .equal: return left == right || Self.number(left).map { $0 == Self.number(right) } == true
    case .notEqual: return left != right && Self.number(left).map { $0 == Self.number(right) } != true
    default: break
    }
    if let left = left.string, let right = right.string { return Self.holds(comparison, left, right) }
    if let left = Self.number(left), let right = Self.number(right) {
      return Self.holds(comparison, left, right)
    }
    return false
  }

  private static func holds<Value: Comparable>(_ comparison: Comparison, _ left: Value, _ right: Value)
    -> Bool
  {
    switch comparison {
    case .less: left < right
    case .lessOrEqual: left <= right
    case .greater: left > right
    case .greaterOrEqual: left >= right
    case .equal: left == right
    case .notEqual: left != right
    }
  }

  private static func value(of operand: Operand, in element: JSON) -> JSON? {
    switch operand {
    case .path(let path): path.first(in: element)
    case .literal(let value): value
    }
  }

  private static func number(_ value: JSON) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }
}

/// Reading of expressions.
extension ColumnPath {
  private static func unbraced(_ text: Substring) -> Substring? {
    guard text.first == "{" else { return text }
    return text.last == "}" ? text.dropFirst().dropLast() : nil
  }

  /// A name up to the next step; a backslash keeps the character behind it from ending it.
  private static func memberName(_ rest: inout Substring) -> String? {
    var name = ""
    while let character = rest.first, character != ".", character != "[" {
      rest = rest.dropFirst()
      if character == "\\" {
        guard let escaped = rest.popFirst() else { return nil }
        name.append(escaped)
      } else {
        name.append(character)
      }
    }
    return name.isEmpty ? nil : name
  }

  /// What stands before the closing bracket, minding quotes and brackets inside.
  private static func bracketed(_ rest: inout Substring) -> Substring? {
    var quote: Character?
    var depth = 0
    for index in rest.indices {
      let character = rest[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "[" {
        depth += 1
      } else if character == "]" {
        guard depth == 0 else {
          depth -= 1
          continue
        }
        let inner = rest[..<index]
        rest = rest[rest.index(after: index)...]
        return inner
      }
    }
    return nil
  }

  private static func step(_ inner: Substring, depth: Int) -> Step? {
    if inner == "*" { return .everything }
    if let name = quoted(inner) { return .member(name) }
    if let index = Int(inner) { return .element(index) }
    if inner.hasPrefix("?("), inner.last == ")" {
      return filter(inner.dropFirst(2).dropLast(), depth: depth).map { .filter($0) }
    }
    let bounds = inner.split(separator: ":", omittingEmptySubsequences: false)
    guard bounds.count == 2, bounds.allSatisfy({ $0.isEmpty || Int($0) != nil }) else { return nil }
    return .slice(Int(bounds[0]), Int(bounds[1]))
  }

  private static func filter(_ text: Substring, depth: Int) -> Filter? {
    guard let (comparison, left, right) = divided(text) else {
      return operand(text, depth: depth).map { Filter(left: $0, comparison: nil, right: nil) }
    }
    guard let left = operand(left, depth: depth), let right = operand(right, depth: depth) else { return nil }
    return Filter(left: left, comparison: comparison, right: right)
  }

  /// The first comparison that stands outside quotes and brackets, and what is left and right of it.
  private static func divided(_ text: Substring) -> (Filter.Comparison, Substring, Substring)? {
    var quote: Character?
    var depth = 0
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
        continue
      }
      switch character {
      case "'", "\"": quote = character
      case "[": depth += 1
      case "]": depth -= 1
      default:
        guard depth == 0 else { continue }
        let rest = text[index...]
        if let found = Filter.Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) {
          return (found, text[..<index], rest.dropFirst(found.rawValue.count))
        }
      }
    }
    return nil
  }

  private static func operand(_ text: Substring, depth: Int) -> Filter.Operand? {
    var text = text
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    if text.first == "@" || text.first == "$" { return ColumnPath(text, depth: depth + 1).map { .path($0) } }
    if let literal = quoted(text) { return .literal(.string(literal)) }
    if let number = Int64(text) { return .literal(.integer(number)) }
    if text == "true" || text == "false" { return .literal(.boolean(text == "true")) }
    return Double(text).map { .literal(.number($0)) }
  }

  /// What stands between quotes.
  private static func quoted(_ text: Substring) -> String? {
    guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
      return nil
    }
    let inner = text.dropFirst().dropLast()
    return inner.contains(quote) ? nil : String(inner)
  }
}
