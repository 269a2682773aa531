import Objects

/// Whether a node has been heard of lately, by this process's own clock: clocks of nodes may be wrong.
struct NodeHealth: Sendable, Hashable {
  /// How long a node may be silent.
  static let gracePeriod = Duration.seconds(50)
  /// How long one may be that has only just appeared.
  static let startupGracePeriod = Duration.seconds(60)
  /// The conditions that nobody knows when a node is silent.
  static let conditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]

  /// What changes when the node is heard of.
  private var signs: [String] = []
  /// When they were last seen to change.
  private(set) var heard: Duration
  private var hasReported = false

  /// A node that is first seen at a time of the process's own clock.
  init(node: JSON, lease: JSON?, at time: Duration) {
    heard = time
    observe(node: node, lease: lease, at: time)
  }

  /// Takes in how the node and its lease look now.
  mutating func observe(node: JSON, lease: JSON?, at time: Duration) {
    let ready = Conditions.find("Ready", in: node["status"])
    let now = [
      ready?["lastHeartbeatTime"]?.string ?? "", lease?["spec", "renewTime"]?.string ?? "",
      // One that was declared silent and writes again.
      ready?["status"]?.string == "Unknown" ? "" : ready?["status"]?.string ?? "",
    ]
    if ready != nil { hasReported = true }
    guard now != signs else { return }
    // That a node was declared silent is no sign of life.
    let isSign = signs.isEmpty || now[0] != signs[0] || now[1] != signs[1] || !now[2].isEmpty
    signs = now
    if isSign { heard = time }
  }

  /// When the node counts as silent unless it is heard of before.
  var deadline: Duration { heard + (hasReported ? Self.gracePeriod : Self.startupGracePeriod) }

  /// The status of a silent node: nobody knows its conditions. Nil if it says so already.
  static func unknownStatus(of node: JSON, now: Timestamp) -> JSON? {
    var status = node["status"] ?? [:]
    var isChanged = false
    for type in conditions {
      guard let old = Conditions.find(type, in: status) else {
        isChanged = true
        var condition = Conditions.make(
          type, "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status.",
          now: now)
        condition["lastHeartbeatTime"] = node["metadata", "creationTimestamp"]
        Conditions.replace(condition, in: &status)
        continue
      }
      guard old["status"]?.string != "Unknown" else { continue }
      isChanged = true
      var condition = old
      condition["status"] = "Unknown"
      condition["reason"] = "NodeStatusUnknown"
      condition["message"] = "Kubelet stopped posting node status."
      condition["lastTransitionTime"] = .string(now.text)
      Conditions.replace(condition, in: &status)
    }
    return isChanged ? status : nil
  }
}
