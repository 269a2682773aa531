public import Objects

/// What every node writes about itself, whether it is a machine or simulated.
public enum NodeRecords {
  /// The namespace of nodes' leases.
  public static let leaseNamespace = "kube-node-lease"
  /// How long a node counts as alive after it renewed its lease.
  public static let leaseSeconds: Int64 = 40

  /// A condition before the times are known.
  public struct Condition: Sendable, Hashable {
    /// Such as `Ready`.
    public var type: String
    /// `True`, `False` or `Unknown`.
    public var status: String
    /// A word.
    public var reason: String
    /// A sentence.
    public var message: String

    /// A condition.
    public init(_ type: String, _ status: String, _ reason: String, _ message: String) {
      self.type = type
      self.status = status
      self.reason = reason
      self.message = message
    }
  }

  /// The conditions of a node that lacks nothing, without `Ready`.
  public static let noPressure = [
    Condition(
      "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
  ]

  /// The condition of a node that takes pods.
  public static let ready = Condition(
    "Ready", "True", "KubeletReady", "kubelet is posting ready status")

  /// The conditions, with the times of those so far where nothing changes.
  ///
  /// - Parameter old: the node's status so far.
  public static func conditions(_ conditions: [Condition], since old: JSON?, now: Timestamp) -> [JSON] {
    let known = old?["conditions"]?.array ?? []
    let time = JSON.string(now.text)
    return conditions.map { condition in
      let before = known.first { $0["type"]?.string == condition.type }
      let isSame = before?["status"]?.string == condition.status
      return [
        "type": .string(condition.type), "status": .string(condition.status),
        "reason": .string(condition.reason), "message": .string(condition.message),
        "lastHeartbeatTime": time,
        "lastTransitionTime": isSame ? before?["lastTransitionTime"] ?? time : time,
      ]
    }
  }

  /// A node's Lease, new or renewed.
  ///
  /// - Parameter owner: the Node's uid; its lease goes with it.
  public static func lease(_ known: JSON?, node: String, owner: String, now: Timestamp) -> JSON {
    var lease =
      known
      ?? [
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": [
          "name": .string(node), "namespace": .string(leaseNamespace),
          "ownerReferences": [
            ["apiVersion": "v1", "kind": "Node", "name": .string(node), "uid": .string(owner)]
          ],
        ],
      ]
    lease["spec", "holderIdentity"] = .string(node)
    lease["spec", "leaseDurationSeconds"] = .integer(leaseSeconds)
    lease["spec", "renewTime"] = .string(now.microText)
    return lease
  }
}
