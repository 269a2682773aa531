public import Exchange
public import Registry
import Objects

/// A pod stays for five minutes on a node that does not answer, unless it says otherwise.
public struct DefaultTolerationSeconds: AdmissionPlugin {
  static let keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
  private let seconds: Int64

  /// The plug-in.
  public init(seconds: Int64 = 300) { self.seconds = seconds }

  /// `DefaultTolerationSeconds`.
  public var name: String { "DefaultTolerationSeconds" }

  /// New and changed pods.
  public func handles(_ request: AdmissionRequest) -> Bool {
    (request.operation == .create || request.operation == .update) && request.concerns("pods")
  }

  /// Adds the tolerations that the pod lacks.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let tolerations = request.object?["spec"]?.list("tolerations") else { return }
    var added: [JSON] = []
    for key in Self.keys where !tolerations.contains(where: { Self.tolerates($0, key) }) {
      added.append([
        "key": .string(key), "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": .integer(seconds),
      ])
    }
    if !added.isEmpty { request.object?["spec", "tolerations"] = .array(tolerations + added) }
  }

  private static func tolerates(_ toleration: JSON, _ key: String) -> Bool {
    let own = toleration.text("key")
    let effect = toleration.text("effect")
    return (own == key || own.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
  }
}
