/// Pod templates, the controllers of pods, and scaling.
extension Tables {
  private static let template = ["spec", "template", "spec"]

  static let podTemplate = TablePrinter([
    .name,
    .text("Containers", "Names of the containers.") {
      $0.items("template", "spec", "containers").map { $0.text("name") }.joined(separator: ",")
    },
    .text("Images", "Images that the containers run.") {
      $0.items("template", "spec", "containers").map { $0.text("image") }.joined(separator: ",")
    },
    .text("Pod Labels", "Labels of the pods made from the template.") {
      SelectorText.labels($0.value("template", "metadata", "labels"))
    },
  ])

  private static let desired = TableField.integer("Desired", "Pods that there should be.") {
    $0.integer("spec", "replicas")
  }

  private static let current = TableField.integer("Current", "Pods that there are.") {
    $0.integer("status", "replicas")
  }

  private static let ready = TableField.integer("Ready", "Pods that are ready.") {
    $0.integer("status", "readyReplicas")
  }

  /// Of those that there should be.
  private static let readyOfDesired = TableField.text("Ready", "Pods that are ready, of all that should be.")
  {
    "\($0.integer("status", "readyReplicas"))/\($0.integer("spec", "replicas"))"
  }

  static let replicationController = TablePrinter(
    [.name, desired, current, ready, .age],
    wide: TableField.containers(
      at: template,
      selector: .text("Selector", "Labels of the pods that belong to the object.", priority: 1) {
        SelectorText.labels($0.value("spec", "selector"))
      }))

  static let replicaSet = TablePrinter(
    [.name, desired, current, ready, .age],
    wide: TableField.containers(at: template, selector: .selector(at: "spec", "selector")))

  static let deployment = TablePrinter(
    [
      .name,
      readyOfDesired,
      .integer("Up-to-date", "Pods made from the present template.", type: "string") {
        $0.integer("status", "updatedReplicas")
      },
      .integer("Available", "Pods that have been ready for long enough.", type: "string") {
        $0.integer("status", "availableReplicas")
      },
      .age,
    ],
    wide: TableField.containers(
      at: template,
      selector: .text("Selector", "Labels of the pods that belong to the object.", priority: 1) {
        SelectorText.text(ofSelector: $0.value("spec", "selector")) ?? "<invalid>"
      }))

  static let statefulSet = TablePrinter(
    [.name, readyOfDesired, .age], wide: TableField.containers(at: template))

  static let daemonSet = TablePrinter(
    [
      .name,
      .integer("Desired", "Nodes that should run the pod.") {
        $0.integer("status", "desiredNumberScheduled")
      },
      .integer("Current", "Nodes that run the pod and should.") {
        $0.integer("status", "currentNumberScheduled")
      },
      .integer("Ready", "Nodes whose pod is ready.") { $0.integer("status", "numberReady") },
      .integer("Up-to-date", "Nodes whose pod was made from the present template.") {
        $0.integer("status", "updatedNumberScheduled")
      },
      .integer("Available", "Nodes whose pod has been ready for long enough.") {
        $0.integer("status", "numberAvailable")
      },
      .text("Node Selector", "Labels of the nodes that may run the pod.") {
        SelectorText.labels($0.value("spec", "template", "spec", "nodeSelector"))
      },
      .age,
    ], wide: TableField.containers(at: template, selector: .selector(at: "spec", "selector")))

  static let controllerRevision = TablePrinter([
    .name,
    .text("Controller", "The object whose revision this is.") { revision in
      let owners = revision.items("metadata", "ownerReferences")
      guard let owner = owners.first(where: { $0.boolean("controller") }) else { return "<none>" }
      let version = owner.text("apiVersion").split(separator: "/", omittingEmptySubsequences: false)
      let group = version.count == 2 ? "." + version[0] : ""
      return (owner.text("kind") + group).lowercased() + "/" + owner.text("name")
    },
    .integer("Revision", "Number of the revision; later ones are higher.", type: "string") {
      $0.integer("revision")
    },
    .age,
  ])

  static let scale = TablePrinter([
    TableField(
      column: TableColumn("Name", description: "Name of the object that is scaled.")
    ) { .string($0.text("metadata", "name")) },
    .integer("Desired", "Pods that there should be.") { $0.integer("spec", "replicas") },
    .integer("Available", "Pods that there are.") { $0.integer("status", "replicas") },
    .age,
  ])

  static let podDisruptionBudget = TablePrinter([
    .name,
    .text("Min Available", "Pods that must stay available, as a number or a share.") {
      intOrString($0.value("spec", "minAvailable"))
    },
    .text("Max Unavailable", "Pods that may be unavailable, as a number or a share.") {
      intOrString($0.value("spec", "maxUnavailable"))
    },
    .integer("Allowed Disruptions", "Pods that may be evicted now.") {
      $0.integer("status", "disruptionsAllowed")
    },
    .age,
  ])

  private static func intOrString(_ value: JSON?) -> String {
    switch value {
    case .integer(let number): String(number)
    case .string(let text): text
    default: "N/A"
    }
  }
}
