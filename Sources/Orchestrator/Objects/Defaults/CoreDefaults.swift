/// The core group, but for pods and volumes.
extension Defaults {
  static let core: [String: Function] = [
    "Endpoints": { endpoints(&$0) },
    "LimitRange": { limitRange(&$0) },
    "Namespace": { namespace(&$0) },
    "Node": { node(&$0) },
    "PersistentVolume": { persistentVolume(&$0) },
    "PersistentVolumeClaim": { persistentVolumeClaim(&$0) },
    "Pod": { pod(&$0) },
    "PodTemplate": { podTemplateKind(&$0) },
    "ReplicationController": { replicationController(&$0) },
    "ResourceQuota": { resourceQuota(&$0) },
    "Secret": { secret(&$0) },
    "Service": { service(&$0) },
  ]

  private static func endpoints(_ endpoints: inout JSON) {
    endpoints.reviseEach("subsets") { subset in
      subset.reviseEach("ports") { $0.fillBlank("protocol", with: "TCP") }
    }
  }

  /// A container's limits follow from its maxima, its requests from its limits and then from its minima.
  private static func limitRange(_ range: inout JSON) {
    range.revise("spec") { spec in
      spec.reviseEach("limits") { item in
        if item["type"]?.string == "Container" {
          item.fillMembers(of: "default", from: item["max"]?.object ?? [:])
          item.fillMembers(of: "defaultRequest", from: item["default"]?.object ?? [:])
          item.fillMembers(of: "defaultRequest", from: item["min"]?.object ?? [:])
        }
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
          item.roundResources(at: list)
        }
      }
    }
  }

  /// The label by which selectors name one namespace. A name that is still to be generated gets it at creation.
  static func namespace(_ namespace: inout JSON) {
    labelNamespace(&namespace)
    namespace.reviseStructure("status") { $0.fillBlank("phase", with: "Active") }
  }

  static func labelNamespace(_ namespace: inout JSON) {
    guard let name = namespace["metadata", "name"]?.string, !name.isEmpty else { return }
    namespace["metadata", "labels", "kubernetes.io/metadata.name"] = .string(name)
  }

  private static func node(_ node: inout JSON) {
    node.revise("spec") { spec in
      if let range = spec["podCIDR"]?.string, !range.isEmpty {
        if spec["podCIDRs"]?.array?.first?.string != range { spec["podCIDRs"] = [.string(range)] }
      } else if let first = spec["podCIDRs"]?.array?.first {
        spec["podCIDR"] = first
      }
    }
    node.revise("status") { status in
      status.roundResources(at: "capacity")
      if let capacity = status["capacity"] { status.fill("allocatable", with: capacity) }
      status.roundResources(at: "allocatable")
    }
  }

  private static func replicationController(_ controller: inout JSON) {
    controller.reviseStructure("spec") { spec in
      spec.fill("replicas", with: 1)
      spec.revise("template") { $0.reviseStructure("spec", podSpec) }
      if let labels = spec["template", "metadata", "labels"] { spec.fillBlank("selector", with: labels) }
    }
    labelFromTemplate(&controller)
  }

  /// Old kinds take over their template's labels where they have none of their own.
  static func labelFromTemplate(_ owner: inout JSON) {
    guard let labels = owner["spec", "template", "metadata", "labels"], case .object(let members) = labels,
      !members.isEmpty, owner["metadata", "labels"]?.object?.isEmpty ?? true
    else { return }
    owner["metadata", "labels"] = labels
  }

  private static func resourceQuota(_ quota: inout JSON) {
    quota.revise("spec") { $0.roundResources(at: "hard") }
    quota.revise("status") { status in
      status.roundResources(at: "hard")
      status.roundResources(at: "used")
    }
  }

  /// `stringData` is for writing only: it replaces what `data` has under the same keys, and is never read back.
  private static func secret(_ secret: inout JSON) {
    for member in secret["stringData"]?.object ?? [:] {
      guard let text = member.value.string else { continue }
      secret["data", member.key] = .string(Base64.encode(Array(text.utf8)))
    }
    secret["stringData"] = nil
    secret.fillBlank("type", with: "Opaque")
  }

  static func tokenRequest(_ request: inout JSON) {
    request.reviseStructure("spec") { $0.fill("expirationSeconds", with: 3600) }
  }
}
