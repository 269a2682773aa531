/// A place in a JSON document, such as `spec.containers[0].image`.
public struct JSONPath: Sendable, Hashable, CustomStringConvertible {
  /// A step from a value to one inside it.
  public enum Step: Sendable, Hashable {
    case key(String)
    case index(Int)
  }

  /// The steps from the document's root.
  public var steps: [Step]

  /// The place these steps lead to.
  public init(_ steps: [Step] = []) { self.steps = steps }

  /// The path as Kubernetes writes it in warnings about fields.
  public var description: String {
    var text = ""
    for step in steps {
      switch step {
      case .key(let key):
        if !text.isEmpty { text += "." }
        text += key
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }
}
