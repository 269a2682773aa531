import Objects

/// Which objects a quota is about.
enum QuotaScope {
  /// Whether a quota counts an object; a quota with scopes counts pods only.
  static func matches(_ quota: JSON, _ object: JSON, _ resource: Resource) -> Bool {
    let spec = quota["spec"] ?? [:]
    var terms = spec.list("scopes").compactMap(\.string).map { Term(scope: $0) }
    terms += (spec["scopeSelector"]?.list("matchExpressions") ?? []).map { expression in
      Term(
        scope: expression.text("scopeName"), operation: expression.text("operator"),
        values: expression.list("values").compactMap(\.string))
    }
    if terms.isEmpty { return true }
    guard resource.group.isEmpty, resource.resource == "pods" else { return false }
    return terms.allSatisfy { $0.matches(object) }
  }

  private struct Term {
    var scope: String
    var operation = "Exists"
    var values: [String] = []

    func matches(_ pod: JSON) -> Bool {
      switch scope {
      case "Terminating": return isTerminating(pod)
      case "NotTerminating": return !isTerminating(pod)
      case "BestEffort": return QualityOfService(of: pod) == .bestEffort
      case "NotBestEffort": return QualityOfService(of: pod) != .bestEffort
      case "PriorityClass": return matchesClass(pod.text("spec", "priorityClassName"))
      case "CrossNamespacePodAffinity": return crossesNamespaces(pod)
      default: return false
      }
    }

    private func isTerminating(_ pod: JSON) -> Bool {
      (pod["spec", "activeDeadlineSeconds"]?.integer ?? -1) >= 0
    }

    private func matchesClass(_ name: String) -> Bool {
      switch operation {
      case "In": values.contains(name)
      case "NotIn": !values.contains(name)
      case "DoesNotExist": name.isEmpty
      default: !name.isEmpty
      }
    }

    private func crossesNamespaces(_ pod: JSON) -> Bool {
      let affinity = pod["spec", "affinity"] ?? [:]
      for kind in ["podAffinity", "podAntiAffinity"] {
        guard let rules = affinity[kind] else { continue }
        var terms = rules.list("requiredDuringSchedulingIgnoredDuringExecution")
        terms += rules.list("preferredDuringSchedulingIgnoredDuringExecution").compactMap {
          $0["podAffinityTerm"]
        }
        if terms.contains(where: { !$0.list("namespaces").isEmpty || $0["namespaceSelector"] != nil }) {
          return true
        }
      }
      return false
    }
  }
}
