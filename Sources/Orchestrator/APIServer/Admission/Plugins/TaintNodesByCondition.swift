public import Exchange
public import Registry
import Objects

/// A new node takes no pods until a controller has seen that it is ready.
public struct TaintNodesByCondition: AdmissionPlugin {
  static let taint: JSON = ["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]

  /// The plug-in.
  public init() {}

  /// `TaintNodesByCondition`.
  public var name: String { "TaintNodesByCondition" }

  /// New nodes.
  public func handles(_ request: AdmissionRequest) -> Bool {
    request.operation == .create && request.concerns("nodes")
  }

  /// Adds the taint.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let node = request.object else { return }
    let taints = node["spec"]?.list("taints") ?? []
    let isThere = taints.contains {
      $0["key"] == Self.taint["key"] && $0["effect"] == Self.taint["effect"]
    }
    if !isThere { request.object?["spec", "taints"] = .array(taints + [Self.taint]) }
  }
}
