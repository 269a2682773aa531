// Reading with Go's zero values: validation sees objects whose types have been checked, and what is absent counts as
// empty. Whatever has another type after all counts as absent.
extension JSON {
  /// The member, nil when it is absent or null.
  func member(at key: String) -> JSON? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  func text(at key: String) -> String { self[key]?.string ?? "" }

  func optionalText(at key: String) -> String? { self[key]?.string }

  func integer(at key: String) -> Int64 { optionalInteger(at: key) ?? 0 }

  func optionalInteger(at key: String) -> Int64? {
    switch self[key] {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }

  func flag(at key: String) -> Bool { self[key]?.boolean ?? false }

  func optionalFlag(at key: String) -> Bool? { self[key]?.boolean }

  func list(at key: String) -> [JSON] { self[key]?.array ?? [] }

  func texts(at key: String) -> [String] { list(at: key).map { $0.string ?? "" } }

  func entries(at key: String) -> JSONObject { self[key]?.object ?? [:] }

  /// The value without members that are null or empty, for comparisons as Kubernetes makes them.
  var meaningful: JSON { meaningful(depth: 0) }

  private func meaningful(depth: Int) -> JSON {
    guard depth < 1_000 else { return .null }
    switch self {
    case .array(let elements):
      return elements.isEmpty ? .null : .array(elements.map { $0.meaningful(depth: depth + 1) })
    case .object(let object):
      var result = JSONObject()
      for member in object {
        let value = member.value.meaningful(depth: depth + 1)
        if !value.isNull { result[member.key] = value }
      }
      return result.isEmpty ? .null : .object(result)
    default:
      return self
    }
  }
}
