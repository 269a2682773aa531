import Testing

@testable import Objects

@Suite("Validation of what has no shape")
struct RobustnessTests {
  private static let oddities: [JSON] = [
    .null, true, 1, -1, "", "x", "9223372036854775808%", [], [:], [.null], [[:]], ["": .null],
    [1, "x", [[:]]],
    .integer(.min), .integer(.max), ["name": 1, "spec": [], "metadata": "x"],
  ]

  /// Whatever any of the kinds reads by name, somewhere below the top.
  private static let members = [
    "metadata", "spec", "status", "data", "rules", "webhooks", "subsets", "endpoints", "ports", "template",
    "selector",
    "containers", "initContainers", "ephemeralContainers", "volumes", "env", "resources", "limits",
    "requests",
    "securityContext", "affinity", "tolerations", "topologySpreadConstraints", "strategy", "updateStrategy",
    "rollingUpdate", "schedule", "jobTemplate", "clusterIPs", "ipFamilies", "taints", "hard", "roleRef",
    "subjects",
    "names", "versions", "schema", "openAPIV3Schema", "finalizers", "ownerReferences", "managedFields",
    "labels",
    "annotations", "conditions", "metrics", "behavior", "minAvailable", "maxUnavailable", "capacity",
    "nodeAffinity",
    "replicas", "completions", "parallelism", "succeededIndexes", "drivers", "allowedTopologies",
    "leaseDurationSeconds",
    "overhead", "podFixed", "ingress", "egress", "tls", "collisionCount", "completedIndexes",
    "deletionTimestamp",
  ]

  private static func check(_ new: JSON, _ old: JSON, _ kinds: [KindRules.Key]? = nil) -> Int {
    var count = 0
    for key in kinds ?? Array(KindRules.all.keys) {
      count += Validation.validate(create: new, group: key.group, version: "v1", kind: key.kind).count
      count +=
        Validation.validate(update: new, old: old, group: key.group, version: "v1", kind: key.kind).count
      count +=
        Validation.validate(statusUpdate: new, old: old, group: key.group, version: "v1", kind: key.kind)
        .count
    }
    if kinds != nil { return count }
    count += Validation.validate(ephemeralContainersUpdate: new, old: old).count
    count += Validation.validate(resizeUpdate: new, old: old).count
    return count + Validation.validate(scale: new).count + Validation.validate(binding: new).count
  }

  @Test("Objects of odd shapes are refused, not stumbled over", arguments: oddities)
  func odd(value: JSON) {
    // A new object without a name is wrong whatever its kind, but for the kinds with errors of their own.
    #expect(Self.check(value, value) >= KindRules.all.count)
    #expect(Self.check(value, ValidationSample.pod) >= KindRules.all.count)
    #expect(Self.check(ValidationSample.pod, value) >= 1)
  }

  /// One of each type; all of them everywhere would take minutes.
  private static let fewOddities: [JSON] = [.null, "x", .integer(.max), [1, "x", [[:]]], ["": .null]]

  @Test("Members of odd shapes are no matter", arguments: fewOddities)
  func oddMembers(value: JSON) {
    // Each kind meets the members that its sample has, and those that none has.
    for (group, kind, sample) in [
      ("", "Pod", ValidationSample.pod), ("apps", "Deployment", ValidationSample.deployment),
      ("batch", "Job", ValidationSample.job), ("batch", "CronJob", ValidationSample.cronJob),
      ("", "Service", ValidationSample.service), ("", "PersistentVolume", ValidationSample.volume),
      ("apps", "StatefulSet", ValidationSample.statefulSet),
    ] {
      let key = KindRules.Key(group: group, kind: kind)
      let stored = ValidationSample.stored(sample)
      for member in Self.members {
        let odd = Self.replacing(member, by: value, in: stored, depth: 0)
        _ = Self.check(odd, stored, [key])
        _ = Self.check(stored, odd, [key])
      }
    }
    let bare: JSON = ["metadata": ["name": "x"], "spec": [:], "status": [:]]
    for member in Self.members {
      let odd = Self.replacing(member, by: value, in: bare, depth: 0)
      // Without a resource version no update passes.
      #expect(Self.check(odd, bare, Array(KindRules.all.keys)) >= KindRules.all.count)
    }
  }

  /// The value with all members of the name replaced, and one more of it at the top and in the specification.
  private static func replacing(_ name: String, by value: JSON, in whole: JSON, depth: Int) -> JSON {
    switch whole {
    case .object(let members):
      var result: JSONObject = [:]
      for member in members {
        result[member.key] =
          member.key == name ? value : replacing(name, by: value, in: member.value, depth: depth + 1)
      }
      if depth <= 1, result[name] == nil { result[name] = value }
      return .object(result)
    case .array(let elements):
      return .array(elements.map { replacing(name, by: value, in: $0, depth: depth + 1) })
    default: return whole
    }
  }

  @Test("A kind without rules has no errors")
  func unknown() {
    #expect(Validation.validate(create: .null, group: "a.b", version: "v1", kind: "C").isEmpty)
  }
}
