import Objects

/// How a Deployment replaces its pods, with amounts in numbers of pods.
struct RolloutStrategy: Sendable, Equatable {
  /// How many pods are asked for.
  let replicas: Int
  /// Whether old and new pods may run together.
  let isRolling: Bool
  /// How many pods may exist above `replicas`; zero unless rolling.
  let maxSurge: Int
  /// How many of `replicas` may be missing; zero unless rolling.
  let maxUnavailable: Int

  init(_ deployment: JSON) {
    let replicas = Int(clamping: deployment["spec", "replicas"]?.integer ?? 1)
    self.replicas = replicas
    let strategy = deployment["spec", "strategy"]
    isRolling = strategy?["type"]?.string != "Recreate"
    guard isRolling else {
      maxSurge = 0
      maxUnavailable = 0
      return
    }
    let rolling = strategy?["rollingUpdate"]
    func amount(_ key: String, roundingUp: Bool) -> Int {
      let value = rolling?[key].flatMap { IntOrString($0) } ?? .string("25%")
      return max(0, value.scaled(of: replicas, roundingUp: roundingUp) ?? 0)
    }
    let surge = amount("maxSurge", roundingUp: true)
    let unavailable = amount("maxUnavailable", roundingUp: false)
    maxSurge = surge
    // Rounding may leave no room at all; then one pod goes before one comes.
    maxUnavailable = replicas == 0 ? 0 : min(replicas, surge == 0 && unavailable == 0 ? 1 : unavailable)
  }

  /// How many pods must be available at any time.
  var minAvailable: Int { replicas - maxUnavailable }

  /// How large the new ReplicaSet may be now, when all ReplicaSets together ask for `total` pods and it for `current`.
  func newReplicas(total: Int, current: Int) -> Int {
    guard isRolling else { return replicas }
    let room = replicas + maxSurge - total
    guard room > 0 else { return current }
    return current + min(room, replicas - current)
  }
}
