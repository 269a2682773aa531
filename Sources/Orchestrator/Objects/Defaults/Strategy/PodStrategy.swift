extension Strategy {
  static var pod: Strategy {
    var strategy = counting(["spec"], status: [:])
    strategy.statusMetadata = .anythingBut(["ownerReferences"])
    strategy.onCreate = { pod, _ in
      pod.revise("spec", Defaults.unifyServiceAccount)
      pod["status"] = ["phase": "Pending", "qosClass": .string(QualityOfService(of: pod).rawValue)]
      noteSchedulingGates(of: &pod)
      selectByLabelKeys(of: &pod)
      adoptAppArmorAnnotations(of: &pod)
    }
    strategy.onUpdate = { pod, _, _ in pod.revise("spec", Defaults.unifyServiceAccount) }
    strategy.onStatusUpdate = { pod, old, _ in
      pod.reviseStructure("status") { status in keepPodStatus(&status, from: old["status"] ?? .object([:])) }
    }
    return strategy
  }

  /// How long a pod may take to end. One that no node has, or that has ended, goes at once.
  public static func gracePeriodSeconds(ofPod pod: JSON, requested: Int64?) -> Int64 {
    let phase = pod["status", "phase"]?.string
    if pod["spec"]?.isBlank("nodeName") ?? true || phase == "Failed" || phase == "Succeeded" { return 0 }
    let seconds = requested ?? pod["spec", "terminationGracePeriodSeconds"]?.integer ?? 0
    return seconds < 0 ? 1 : seconds
  }

  /// Prepares an update through `pods/ephemeralcontainers`: nothing else changes.
  public func prepareForEphemeralContainersUpdate(_ pod: inout JSON, from old: JSON) {
    let containers = pod["spec", "ephemeralContainers"]
    keepPod(&pod, from: old)
    pod["spec", "ephemeralContainers"] = containers
    countGeneration(of: &pod, from: old)
  }

  /// Prepares an update through `pods/resize`: only resources and resize policies change. Where containers were added,
  /// removed or renamed, the pod stays as it came, for validation to refuse.
  public func prepareForResizeUpdate(_ pod: inout JSON, from old: JSON) {
    var resized = old["spec"] ?? .object([:])
    for list in ["containers", "initContainers"] {
      let new = pod["spec", list]?.array ?? []
      var containers = old["spec", list]?.array ?? []
      guard new.count == containers.count, zip(new, containers).allSatisfy({ $0["name"] == $1["name"] })
      else {
        ObjectMetadata.prepareForUpdate(&pod, from: old)
        return
      }
      for place in containers.indices {
        for field in ["resources", "resizePolicy"] { containers[place][field] = new[place][field] }
      }
      if !containers.isEmpty { resized[list] = .array(containers) }
    }
    resized["resources"] = pod["spec", "resources"]
    keepPod(&pod, from: old)
    pod["spec"] = resized
    countGeneration(of: &pod, from: old)
  }

  private func keepPod(_ pod: inout JSON, from old: JSON) {
    pod["spec"] = old["spec"]
    pod["status"] = old["status"]
    ObjectMetadata.keepAllButManagedFields(of: &pod, from: old)
    ObjectMetadata.prepareForUpdate(&pod, from: old)
  }

  /// A pod that must wait is told so from the start.
  private static func noteSchedulingGates(of pod: inout JSON) {
    guard pod["spec"]?.isBlank("schedulingGates") == false else { return }
    pod["status", "conditions"] = [
      [
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
        "lastProbeTime": .null, "lastTransitionTime": .null,
      ]
    ]
  }

  /// A status without the quality of service or the observed generations does not erase them: old kubelets do not know
  /// them. Conditions of one type match in order.
  private static func keepPodStatus(_ status: inout JSON, from old: JSON) {
    if let quality = old["qosClass"] { status.fillBlank("qosClass", with: quality) }
    if let generation = old["observedGeneration"] { status.fillBlank("observedGeneration", with: generation) }
    var remaining = old["conditions"]?.array ?? []
    status.reviseEach("conditions") { condition in
      guard let place = remaining.firstIndex(where: { $0["type"] == condition["type"] }) else { return }
      let match = remaining.remove(at: place)
      if let generation = match["observedGeneration"] {
        condition.fillBlank("observedGeneration", with: generation)
      }
    }
  }

  // MARK: Selectors by label keys

  /// Affinity and spreading may name label keys whose values are the new pod's own: the selectors get them now.
  private static func selectByLabelKeys(of pod: inout JSON) {
    guard let labels = pod["metadata", "labels"]?.object else { return }
    pod.revise("spec") { spec in
      spec.revise("affinity") { affinity in
        for name in ["podAffinity", "podAntiAffinity"] {
          affinity.revise(name) { rules in
            rules.reviseEach("requiredDuringSchedulingIgnoredDuringExecution") { term in
              selectByLabelKeys(of: &term, labels: labels)
            }
            rules.reviseEach("preferredDuringSchedulingIgnoredDuringExecution") { weighted in
              weighted.revise("podAffinityTerm") { selectByLabelKeys(of: &$0, labels: labels) }
            }
          }
        }
      }
      spec.reviseEach("topologySpreadConstraints") { selectByLabelKeys(of: &$0, labels: labels) }
    }
  }

  private static func selectByLabelKeys(of term: inout JSON, labels: JSONObject) {
    // A term without a selector selects nothing, whatever it names.
    guard case .object? = term["labelSelector"] else { return }
    for (field, operation) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
      for key in term[field]?.array ?? [] {
        guard let name = key.string, let value = labels[name] else { continue }
        let requirement: JSON = ["key": key, "operator": .string(operation), "values": [value]]
        let others = term["labelSelector", "matchExpressions"]?.array ?? []
        term["labelSelector", "matchExpressions"] = .array(others + [requirement])
      }
    }
  }

  // MARK: AppArmor

  /// Before it was a field, AppArmor's profile was an annotation for each container. It becomes the field where that is
  /// not set and the pod's profile does not say the same.
  private static func adoptAppArmorAnnotations(of pod: inout JSON) {
    guard let annotations = pod["metadata", "annotations"]?.object,
      annotations.contains(where: { $0.key.hasPrefix(appArmorAnnotation) }),
      pod["spec", "os", "name"]?.string != "windows"
    else { return }
    let podProfile = pod["spec", "securityContext", "appArmorProfile"]
    pod.revise("spec") { spec in
      for list in ["initContainers", "containers", "ephemeralContainers"] {
        spec.reviseEach(list) { container in
          guard let name = container["name"]?.string,
            let text = annotations[appArmorAnnotation + name]?.string,
            let profile = appArmorProfile(text), profile != podProfile,
            container["securityContext", "appArmorProfile"]?.isNull ?? true
          else { return }
          container.reviseStructure("securityContext") { $0["appArmorProfile"] = profile }
        }
      }
    }
  }

  private static let appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/"

  private static func appArmorProfile(_ text: String) -> JSON? {
    switch text {
    case "unconfined": return ["type": "Unconfined"]
    case "runtime/default": return ["type": "RuntimeDefault"]
    default:
      let name = text.dropFirst("localhost/".count)
      guard text.hasPrefix("localhost/"), !name.isEmpty else { return nil }
      return ["type": "Localhost", "localhostProfile": .string(String(name))]
    }
  }
}
