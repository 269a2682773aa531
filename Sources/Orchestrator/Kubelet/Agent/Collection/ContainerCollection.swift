import ContainerRuntime

/// What the runtime need not keep of a pod any more. Pure.
public struct ContainerCollection: Sendable, Hashable {
  /// Containers to remove, by id: all that ended, or never began, but the newest of
  /// each name, whose log may be asked for.
  public let containers: [String]
  /// Sandboxes to remove, by id: those that stopped, are not the pod's newest and have no container left.
  public let sandboxes: [String]

  /// Decides.
  public init(_ observed: ObservedPod, keep: Int = KubeletLimits.endedContainers) {
    var seen: [String: Int] = [:]
    var gone: [String] = []
    // The newest come first.
    for item in observed.containers where item.status.state == .exited || item.status.state == .created {
      seen[item.name, default: 0] += 1
      if seen[item.name, default: 0] > keep { gone.append(item.id) }
    }
    let left = Set(observed.containers.filter { !gone.contains($0.id) }.map(\.sandboxID))
    containers = gone
    sandboxes = observed.sandboxes.dropFirst()
      .filter { $0.sandbox.state == .notReady && !left.contains($0.sandbox.id) }.map(\.sandbox.id)
  }
}
