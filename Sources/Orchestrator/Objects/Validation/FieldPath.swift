/// Where a field is inside an object, in Kubernetes' writing: `spec.containers[0].env[1].name`, `data[key]`.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  /// The path as text: `a.b[0].c[key]`.
  public let description: String

  private init(text: String) { description = text }

  /// A field of the object itself, or one further inside. The empty name stands for the object as a whole, and is
  /// written `[]`.
  public init(_ names: String...) {
    let text = names.joined(separator: ".")
    description = text.isEmpty ? "[]" : text
  }

  /// A field of the structure at this path.
  public subscript(name: String) -> FieldPath { FieldPath(text: description + "." + name) }

  /// An element of the list at this path.
  public subscript(index: Int) -> FieldPath { FieldPath(text: description + "[" + String(index) + "]") }

  /// The value under a key of the map at this path.
  public func key(_ key: String) -> FieldPath { FieldPath(text: description + "[" + key + "]") }
}
