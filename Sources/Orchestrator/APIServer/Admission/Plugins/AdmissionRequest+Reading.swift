import Exchange
import Objects
import Registry

extension AdmissionRequest {
  /// Whether the write is of objects of this resource, not of something below them.
  func concerns(_ resource: String, of group: String = "") -> Bool {
    subresource.isEmpty && self.resource.resource == resource && self.resource.group == group
  }

  /// Whether a pod is made.
  var createsPod: Bool { operation == .create && concerns("pods") }

  /// How messages name the object: a name that is still to be generated is shown by what it begins with.
  var shownName: String {
    if !name.isEmpty { return name }
    if let name = object?["metadata", "name"]?.string, !name.isEmpty { return name }
    if let base = object?["metadata", "generateName"]?.string, !base.isEmpty { return base }
    return "Unknown"
  }

  /// 403 for what is written.
  func forbidden(_ problem: String) -> StatusError { .forbidden(resource, name: shownName, problem) }

  /// 403 for these problems, told like one if there is only one; nil if there is none.
  func forbidden(all problems: [String]) -> StatusError? {
    var told: [String] = []
    for problem in problems where !told.contains(problem) { told.append(problem) }
    guard let first = told.first else { return nil }
    return forbidden(told.count == 1 ? first : "[" + told.joined(separator: ", ") + "]")
  }
}

extension JSON {
  /// The text at the end of a path; empty if there is none.
  func text(_ path: String...) -> String {
    var value = self
    for key in path {
      guard let next = value[key] else { return "" }
      value = next
    }
    return value.string ?? ""
  }

  /// The elements of the array under a key; none if there is no array.
  func list(_ key: String) -> [JSON] { self[key]?.array ?? [] }

  /// Changes each element of the array under a key.
  mutating func reviseEach(_ key: String, _ change: (inout JSON) -> Void) {
    guard var elements = self[key]?.array else { return }
    self[key] = nil
    for index in elements.indices { change(&elements[index]) }
    self[key] = .array(elements)
  }

  /// The value of an annotation.
  func annotation(_ key: String) -> String? { self["metadata", "annotations"]?[key]?.string }
}

/// A text in double quotes.
func quoted(_ text: String) -> String { "\"" + text + "\"" }

extension Quantity {
  static let nothing = Quantity(milliValue: 0)
  static let one = Quantity(milliValue: 1000)
}
