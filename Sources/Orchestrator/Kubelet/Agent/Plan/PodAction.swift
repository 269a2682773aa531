import Objects

/// One thing to do about a pod.
public enum PodAction: Sendable, Hashable {
  /// Make a sandbox; `attempt` counts those before it.
  case createSandbox(attempt: UInt32)
  /// Make and start a container.
  case start(name: String, attempt: UInt32)
  /// Stop one container of a pod that goes on.
  case stop(ContainerStop)
  /// Stop all that runs: one wave after another, the containers of a wave together, then the sandboxes.
  case kill(waves: [[ContainerStop]], sandboxes: [String])
}

/// A container to be stopped.
public struct ContainerStop: Sendable, Hashable {
  /// Why.
  public enum Reason: Sendable, Hashable {
    /// Its startup probe failed.
    case startupProbe
    /// Its liveness probe failed.
    case livenessProbe
    /// Its image or name is another one now.
    case definitionChanged
    /// Its sandbox is gone.
    case sandboxChanged
    /// Its pod is being deleted, or has ended.
    case podEnds
    /// The runtime has lost sight of it.
    case unknownState
  }

  /// The runtime's id.
  public var id: String
  /// Its name in the pod.
  public var name: String
  /// How long it may take.
  public var grace: Duration
  /// Why.
  public var reason: Reason

  /// The message of the `Killing` event.
  public var message: String {
    switch reason {
    case .startupProbe: "Container \(name) failed startup probe, will be restarted"
    case .livenessProbe: "Container \(name) failed liveness probe, will be restarted"
    case .definitionChanged: "Container \(name) definition changed, will be restarted"
    case .sandboxChanged, .podEnds: "Stopping container \(name)"
    case .unknownState: "Container is in unknown state, try killing it before restart"
    }
  }
}

/// What probes have found, by the ids of containers.
public struct ProbeVerdicts: Sendable, Hashable {
  /// Whether it has started, as its startup probe says.
  public var startup: [String: Bool] = [:]
  /// Whether it lives.
  public var liveness: [String: Bool] = [:]
  /// Whether it can serve.
  public var readiness: [String: Bool] = [:]

  /// Nothing has been found.
  public init() {}

  /// Whether a running container counts as started.
  func isStarted(_ spec: ContainerSpec, _ item: ObservedPod.Item?) -> Bool {
    guard let item, item.isRunning else { return false }
    return !spec.has("startupProbe") || startup[item.id] == true
  }

  /// Whether a running container counts as ready.
  func isReady(_ spec: ContainerSpec, _ item: ObservedPod.Item?) -> Bool {
    guard let item, isStarted(spec, item) else { return false }
    return !spec.has("readinessProbe") || readiness[item.id] == true
  }
}

extension ContainerSpec {
  /// Whether a field is there.
  func has(_ field: String) -> Bool { !(json[field]?.isNull ?? true) }
}
