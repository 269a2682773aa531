internal import Objects

/// What a pod asks of a node, by Kubernetes' rule: the sum of the containers and of the init containers that keep
/// running, or what an ordinary init container needs beside those started before it, whichever is more; amounts set for
/// the pod as a whole replace that; the overhead of its runtime class comes on top.
struct PodRequests: Sendable, Hashable {
  let resources: Resources
  /// With an assumption for containers that ask for no CPU or memory, by which nodes are scored.
  let assumed: CoreResources

  init(pod: JSON) {
    resources = Self.total(pod, assumingMissing: false)
    assumed = Self.total(pod, assumingMissing: true).core
  }

  private static func total(_ pod: JSON, assumingMissing: Bool) -> Resources {
    let spec = pod["spec"] ?? [:]
    let resizing = Resizing(pod)
    var running = Resources()
    for container in spec["containers"]?.array ?? [] {
      running.add(resizing.requests(of: container, assumingMissing: assumingMissing))
    }
    // The init containers that go on running, so far.
    var sidecars = Resources()
    var starting = Resources()
    for container in spec["initContainers"]?.array ?? [] {
      let isSidecar = container["restartPolicy"]?.string == "Always"
      var requests = resizing.requests(of: container, assumingMissing: assumingMissing)
      if isSidecar {
        running.add(requests)
        sidecars.add(requests)
        requests = sidecars
      } else {
        requests.add(sidecars)
      }
      starting.formMaximum(requests)
    }
    running.formMaximum(starting)
    for member in spec["resources", "requests"]?.object ?? [:] {
      let whole = Resources(json: .object([member.key: member.value]))
      switch member.key {
      case "cpu": running.core.milliCPU = whole.core.milliCPU
      case "memory": running.core.memory = whole.core.memory
      case let name where name.hasPrefix("hugepages-"): running.extended[name] = whole.extended[name]
      default: break
      }
    }
    running.add(Resources(json: spec["overhead"]))
    return running
  }

  /// While containers are resized in place, what they hold counts as well as what they ask for.
  private struct Resizing {
    let statuses: [String: JSON]
    let isInfeasible: Bool

    init(_ pod: JSON) {
      var statuses: [String: JSON] = [:]
      for list in ["containerStatuses", "initContainerStatuses"] {
        for status in pod["status", list]?.array ?? [] {
          guard status["allocatedResources"] != nil || status["resources", "requests"] != nil else {
            continue
          }
          statuses[status["name"]?.string ?? ""] = status
        }
      }
      self.statuses = statuses
      isInfeasible = (pod["status", "conditions"]?.array ?? []).contains {
        $0["type"]?.string == "PodResizePending" && $0["reason"]?.string == "Infeasible"
      }
    }

    func requests(of container: JSON, assumingMissing: Bool) -> Resources {
      let asked = Resources(json: container["resources", "requests"], assumingMissing: assumingMissing)
      guard !statuses.isEmpty, let status = statuses[container["name"]?.string ?? ""] else { return asked }
      var held = Resources(json: status["allocatedResources"])
      held.formMaximum(Resources(json: status["resources", "requests"]))
      if !isInfeasible { held.formMaximum(asked) }
      return held
    }
  }
}
