public import ContainerRuntime
import Objects

/// What the runtime has of a pod. It is all that the kubelet knows after a restart.
public struct ObservedPod: Sendable, Hashable {
  /// A container and where it lives.
  public struct Item: Sendable, Hashable {
    /// What the runtime says about it.
    public var status: ContainerStatus
    /// Its sandbox.
    public var sandboxID: String

    /// A container in a sandbox.
    public init(_ status: ContainerStatus, sandboxID: String) {
      self.status = status
      self.sandboxID = sandboxID
    }

    var id: String { status.id }
    var name: String { status.metadata.name }
    var isRunning: Bool { status.state == .running }
  }

  /// The newest first.
  public let sandboxes: [PodSandboxStatus]
  /// The newest first.
  public let containers: [Item]

  /// A pod's sandboxes and containers, in any order.
  public init(sandboxes: [PodSandboxStatus] = [], containers: [Item] = []) {
    self.sandboxes = sandboxes.sorted {
      ($0.sandbox.createdAt, $0.sandbox.metadata.attempt) > (
        $1.sandbox.createdAt, $1.sandbox.metadata.attempt
      )
    }
    self.containers = containers.sorted {
      ($0.status.createdAt, $0.status.metadata.attempt) > ($1.status.createdAt, $1.status.metadata.attempt)
    }
  }

  /// The newest sandbox, whether it runs or not.
  var newestSandbox: PodSandboxStatus? { sandboxes.first }

  /// The sandbox that containers can be started in.
  func usableSandbox(hostNetwork: Bool) -> PodSandboxStatus? {
    guard let newest = newestSandbox, newest.sandbox.state == .ready else { return nil }
    guard hostNetwork == (newest.namespaces.network == .node) else { return nil }
    return hostNetwork || !newest.addresses.isEmpty ? newest : nil
  }

  /// The newest container of a name, in one sandbox or in any.
  func newest(_ name: String, in sandbox: String? = nil) -> Item? {
    containers.first { $0.name == name && (sandbox == nil || $0.sandboxID == sandbox) }
  }

  /// The newest container of a name before the newest.
  func previous(_ name: String) -> Item? { containers.lazy.filter { $0.name == name }.dropFirst().first }

  var running: [Item] { containers.filter(\.isRunning) }
  var isGone: Bool { sandboxes.isEmpty && containers.isEmpty }
  /// Whether nothing of the pod runs any more.
  var hasStopped: Bool {
    running.isEmpty && !sandboxes.contains { $0.sandbox.state == .ready }
  }
}
