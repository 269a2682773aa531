import ContainerRuntime
import Objects

/// Why a container does not run, for `state.waiting`.
public struct WaitingReason: Sendable, Hashable {
  /// A word, such as `ImagePullBackOff`.
  public var reason: String
  /// A sentence.
  public var message: String

  /// A reason.
  public init(_ reason: String, _ message: String = "") {
    self.reason = reason
    self.message = message
  }

  var json: JSON {
    var value: JSON = ["reason": .string(reason)]
    if !message.isEmpty { value["message"] = .string(message) }
    return ["waiting": value]
  }
}

/// The status of one container, as the API shows it.
struct ContainerStatusBuilder: Sendable {
  let pod: JSON
  let observed: ObservedPod
  let probes: ProbeVerdicts
  let waiting: [String: WaitingReason]
  /// Such as `containerd`: the scheme of container ids.
  let runtime: String
  /// Whether nothing will be started any more.
  let ends: Bool

  func status(_ spec: ContainerSpec) -> JSON {
    let item = observed.newest(spec.name)
    var status: JSON = [
      "name": .string(spec.name), "image": spec.json["image"] ?? "", "imageID": "", "restartCount": 0,
      "state": .object([:]), "lastState": .object([:]), "ready": false,
    ]
    // Ephemeral containers are not probed; regular init containers neither.
    status["started"] = .boolean(spec.kind == .ephemeral ? false : probes.isStarted(spec, item))
    if let item {
      describe(item, spec, in: &status)
    } else {
      describeMissing(spec, in: &status)
    }
    if let resources = spec.json["resources"], spec.kind != .ephemeral {
      if let requests = resources["requests"], requests.object?.isEmpty == false {
        status["allocatedResources"] = requests
      }
      status["resources"] = resources
    }
    let mounts = (spec.json["volumeMounts"]?.array ?? []).map(Self.mount)
    if !mounts.isEmpty { status["volumeMounts"] = .array(mounts) }
    return status
  }

  private func describe(_ item: ObservedPod.Item, _ spec: ContainerSpec, in status: inout JSON) {
    let runtimeStatus = item.status
    let user = runtimeStatus.image.userSpecified
    status["image"] = .string(user.isEmpty ? runtimeStatus.image.image : user)
    status["imageID"] = .string(runtimeStatus.imageReference)
    status["containerID"] = .string("\(runtime)://\(item.id)")
    status["restartCount"] = .integer(Int64(runtimeStatus.metadata.attempt))
    if let before = observed.previous(spec.name), before.status.state == .exited {
      status["lastState"] = terminated(before)
    }
    switch runtimeStatus.state {
    case .running:
      status["state"] = ["running": ["startedAt": Self.time(runtimeStatus.startedAt)]]
    case .created:
      status["state"] = (waiting[spec.name] ?? defaultReason).json
    case .unknown:
      status["state"] = [
        "terminated": [
          "exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": .null, "finishedAt": .null,
          "message": "The container could not be located when the pod was terminated",
        ]
      ]
    case .exited:
      if !ends, spec.restarts(exitCode: runtimeStatus.exitCode), let reason = waiting[spec.name] {
        status["state"] = reason.json
        status["lastState"] = terminated(item)
      } else {
        status["state"] = terminated(item)
      }
    }
    switch spec.kind {
    case .initialization:
      status["ready"] = .boolean(runtimeStatus.state == .exited && runtimeStatus.exitCode == 0)
    case .sidecar, .app: status["ready"] = .boolean(probes.isReady(spec, item))
    case .ephemeral: status["ready"] = false
    }
  }

  /// The runtime has no such container: it has not been made, or it was lost.
  private func describeMissing(_ spec: ContainerSpec, in status: inout JSON) {
    let old = Self.old(spec, in: pod)
    status["restartCount"] = old?["restartCount"] ?? 0
    let wasRunning = old?["state", "running"] != nil
    let lost: JSON = [
      "terminated": [
        "exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": .null, "finishedAt": .null,
        "message": .string(
          ends
            ? "The container could not be located when the pod was terminated"
            : "The container could not be located when the pod was deleted.  "
              + "The container used to be Running"),
      ]
    ]
    if ends, wasRunning {
      status["state"] = lost
    } else if ends, let ended = old?["state"], ended["terminated"] != nil {
      status["state"] = ended
      status["ready"] = old?["ready"] ?? false
      for field in ["containerID", "image", "imageID", "lastState"] {
        if let value = old?[field] { status[field] = value }
      }
    } else {
      status["state"] = (waiting[spec.name] ?? defaultReason).json
      if wasRunning {
        status["lastState"] = lost
        status["restartCount"] = .integer((old?["restartCount"]?.integer ?? 0) &+ 1)
      } else if let last = old?["lastState"] {
        status["lastState"] = last
      }
    }
  }

  private var defaultReason: WaitingReason {
    WaitingReason(pod.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing")
  }

  private func terminated(_ item: ObservedPod.Item) -> JSON {
    let status = item.status
    let fallback = status.exitCode == 0 ? "Completed" : "Error"
    var ended: JSON = [
      "exitCode": .integer(Int64(status.exitCode)),
      "reason": .string(status.reason.isEmpty ? fallback : status.reason),
      "startedAt": Self.time(status.startedAt), "finishedAt": Self.time(status.finishedAt),
      "containerID": .string("\(runtime)://\(item.id)"),
    ]
    if !status.message.isEmpty {
      let count = pod.initContainers.count + pod.appContainers.count + pod.ephemeralContainers.count
      ended["message"] = .string(TerminationMessage.fitting(status.message, containers: count))
    }
    return ["terminated": ended]
  }

  /// What the API server has about a container.
  static func old(_ spec: ContainerSpec, in pod: JSON) -> JSON? {
    let field =
      switch spec.kind {
      case .app: "containerStatuses"
      case .initialization, .sidecar: "initContainerStatuses"
      case .ephemeral: "ephemeralContainerStatuses"
      }
    return pod["status", field]?.array?.first { $0["name"]?.string == spec.name }
  }

  private static func mount(_ mount: JSON) -> JSON {
    var result: JSON = ["name": mount["name"] ?? "", "mountPath": mount["mountPath"] ?? ""]
    if mount["readOnly"]?.boolean == true {
      result["readOnly"] = true
      result["recursiveReadOnly"] =
        mount["recursiveReadOnly"]?.string == "Enabled" ? "Enabled" : "Disabled"
    }
    return result
  }

  private static func time(_ nanoseconds: Int64) -> JSON {
    Timestamp(runtimeNanoseconds: nanoseconds).map { .string($0.text) } ?? .null
  }
}
