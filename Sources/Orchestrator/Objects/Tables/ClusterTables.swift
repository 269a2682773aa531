/// Nodes, namespaces, configuration, events and leases.
extension Tables {
  static let node = TablePrinter([
    .name,
    .text("Status", "Whether the node is ready, and whether it takes pods.") { node in
      let ready = node.items("status", "conditions").last { $0.text("type") == "Ready" }
      let isReady = ready.map { $0.text("status") == "True" }
      let readiness = isReady.map { $0 ? "Ready" : "NotReady" } ?? "Unknown"
      return node.boolean("spec", "unschedulable") ? readiness + ",SchedulingDisabled" : readiness
    },
    .text("Roles", "Roles of the node, from its labels.") { roles(of: $0) },
    .age,
    .text("Version", "Version of the node's kubelet.") { $0.text("status", "nodeInfo", "kubeletVersion") },
    .text("Internal-IP", "Address inside the cluster's network.", priority: 1) {
      address("InternalIP", of: $0)
    },
    .text("External-IP", "Address from outside.", priority: 1) { address("ExternalIP", of: $0) },
    .text("OS-Image", "Operating system of the node.", priority: 1) {
      $0.text("status", "nodeInfo", "osImage", empty: "<unknown>")
    },
    .text("Kernel-Version", "Version of the node's kernel.", priority: 1) {
      $0.text("status", "nodeInfo", "kernelVersion", empty: "<unknown>")
    },
    .text("Container-Runtime", "Container runtime of the node, with its version.", priority: 1) {
      $0.text("status", "nodeInfo", "containerRuntimeVersion", empty: "<unknown>")
    },
  ])

  private static func address(_ type: String, of node: ObjectReader) -> String {
    node.items("status", "addresses").first { $0.text("type") == type }?.text("address") ?? "<none>"
  }

  /// From labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role: ROLE`.
  private static func roles(of node: ObjectReader) -> String {
    let prefix = "node-role.kubernetes.io/"
    let roles = (node.value("metadata", "labels")?.object ?? [:]).map { label in
      if label.key.hasPrefix(prefix) { return String(label.key.dropFirst(prefix.count)) }
      return label.key == "kubernetes.io/role" ? label.value.string ?? "" : ""
    }
    let text = Set(roles.filter { !$0.isEmpty }).sorted().joined(separator: ",")
    return text.isEmpty ? "<none>" : text
  }

  static let namespace = TablePrinter([
    .name,
    .text("Status", "Whether the namespace is active or being deleted.") { $0.text("status", "phase") },
    .age,
  ])

  static let configMap = TablePrinter([
    .name,
    .integer("Data", "Number of entries.", type: "string") {
      // Both are bounded by the size of an object.
      $0.count("data") &+ $0.count("binaryData")
    },
    .age,
  ])

  static let secret = TablePrinter([
    .name,
    .text("Type", "What the secret is for.") { $0.text("type") },
    .integer("Data", "Number of entries.", type: "string") { $0.count("data") },
    .age,
  ])

  static let serviceAccount = nameAndAge

  static let componentStatus = TablePrinter([
    .name,
    .text("Status", "Whether the component is healthy.") {
      switch health(of: $0)?.text("status") {
      case nil: "Unknown"
      case "True": "Healthy"
      default: "Unhealthy"
      }
    },
    .text("Message", "What the component says.") { health(of: $0)?.text("message") ?? "" },
    .text("Error", "What keeps it from being healthy.") { health(of: $0)?.text("error") ?? "" },
  ])

  private static func health(of component: ObjectReader) -> ObjectReader? {
    component.items("conditions").first { $0.text("type") == "Healthy" }
  }

  static let lease = TablePrinter([
    .name,
    .text("Holder", "Who holds the lease.") { $0.text("spec", "holderIdentity") },
    .age,
  ])

  static let leaseCandidate = TablePrinter([
    .name,
    .text("LeaseName", "The lease that the candidate is for.") { $0.text("spec", "leaseName") },
    .text("BinaryVersion", "Version of the candidate.") { $0.text("spec", "binaryVersion") },
    .text("EmulationVersion", "Version that the candidate behaves as.") {
      $0.text("spec", "emulationVersion")
    },
    .age,
  ])

  static let apiService = TablePrinter([
    .name,
    .text("Service", "The service that answers for the version, or this server.") { apiService in
      guard apiService.has("spec", "service") else { return "Local" }
      return
        "\(apiService.text("spec", "service", "namespace"))/\(apiService.text("spec", "service", "name"))"
    },
    .text("Available", "Whether the version is answered for.") { apiService in
      let conditions = apiService.items("status", "conditions")
      guard let available = conditions.first(where: { $0.text("type") == "Available" }) else {
        return "Unknown"
      }
      let status = available.text("status")
      return status == "True" ? status : "\(status) (\(available.text("reason")))"
    },
    .age,
  ])

  static let status = TablePrinter([
    .text("Status", "Success or Failure.") { $0.text("status") },
    .text("Reason", "Why it failed, in one word.") { $0.text("reason") },
    .text("Message", "What happened.") { $0.text("message") },
  ])

  static let resourceQuota = TablePrinter([
    .name,
    .text("Request", "Used and allowed amount of each resource.") { quotas(of: $0, areLimits: false) },
    .text("Limit", "Used and allowed sum of the limits of each resource.") {
      quotas(of: $0, areLimits: true)
    },
    .age,
  ])

  private static func quotas(of quota: ObjectReader, areLimits: Bool) -> String {
    let names = (quota.value("status", "hard")?.object ?? [:]).keys.filter {
      $0.hasPrefix("limits.") == areLimits
    }
    let texts = names.map {
      "\($0): \(quota.quantity("status", "used", $0))/\(quota.quantity("status", "hard", $0))"
    }
    return texts.joined(separator: ", ")
  }
}
