/// Access control, certificates, admission, priorities and flow control.
extension Tables {
  static let roleBinding = TablePrinter([
    .name,
    .text("Role", "The role that is given.") {
      "\($0.text("roleRef", "kind"))/\($0.text("roleRef", "name"))"
    },
    .age,
    .text("Users", "Users that it is given to.", priority: 1) {
      subjects($0, ofKind: "User").map { $0.text("name") }.joined(separator: ", ")
    },
    .text("Groups", "Groups that it is given to.", priority: 1) {
      subjects($0, ofKind: "Group").map { $0.text("name") }.joined(separator: ", ")
    },
    .text("ServiceAccounts", "Service accounts that it is given to.", priority: 1) {
      subjects($0, ofKind: "ServiceAccount").map { "\($0.text("namespace"))/\($0.text("name"))" }
        .joined(separator: ", ")
    },
  ])

  private static func subjects(_ binding: ObjectReader, ofKind kind: String) -> [ObjectReader] {
    binding.items("subjects").filter { $0.text("kind") == kind }
  }

  static let certificateSigningRequest = TablePrinter([
    .name,
    .age,
    .text("SignerName", "Who is asked to sign.") { $0.text("spec", "signerName", empty: "<none>") },
    .text("Requestor", "Who asks.") { $0.text("spec", "username") },
    .text("RequestedDuration", "How long the certificate is to be valid.") {
      $0.value("spec", "expirationSeconds")?.integer.map { HumanDuration.text(seconds: $0) } ?? "<none>"
    },
    .text("Condition", "Whether the request is approved and the certificate issued.") { request in
      let types = Set(request.items("status", "conditions").map { $0.text("type") })
      let decision = ["Denied", "Approved"].first(where: types.contains) ?? "Pending"
      return decision + (types.contains("Failed") ? ",Failed" : "")
        + (request.text("status", "certificate").isEmpty ? "" : ",Issued")
    },
  ])

  static let clusterTrustBundle = TablePrinter([
    .name,
    .text("SignerName", "The signer whose certificates the bundle vouches for.") {
      $0.text("spec", "signerName", empty: "<none>")
    },
  ])

  static let webhookConfiguration = TablePrinter([
    .name,
    .integer("Webhooks", "Number of webhooks.") { $0.count("webhooks") },
    .age,
  ])

  private static let parameterKind = TableField.text("ParamKind", "Kind of the policy's parameters.") {
    guard $0.has("spec", "paramKind") else { return "<unset>" }
    return "\($0.text("spec", "paramKind", "apiVersion"))/\($0.text("spec", "paramKind", "kind"))"
  }

  static let validatingAdmissionPolicy = TablePrinter([
    .name,
    .integer("Validations", "Number of rules.") { $0.count("spec", "validations") },
    parameterKind,
    .age,
  ])

  static let mutatingAdmissionPolicy = TablePrinter([
    .name,
    .integer("Mutations", "Number of changes.") { $0.count("spec", "mutations") },
    parameterKind,
    .age,
  ])

  static let admissionPolicyBinding = TablePrinter([
    .name,
    .text("PolicyName", "The policy that is put to use.") { $0.text("spec", "policyName") },
    .text("ParamRef", "The object with the policy's parameters.") { binding in
      let name = binding.text("spec", "paramRef", "name")
      if !name.isEmpty { return "\(binding.text("spec", "paramRef", "namespace", empty: "*"))/\(name)" }
      return binding.value("spec", "paramRef", "selector").map { SelectorText.structureText(ofSelector: $0) }
        ?? "<unset>"
    },
    .age,
  ])

  static let priorityClass = TablePrinter([
    .name,
    .integer("Value", "The priority; pods of higher priority come first.") { $0.integer("value") },
    .boolean("Global-Default", "Whether pods without a class get this one.") { $0.boolean("globalDefault") },
    .age,
    .text("PreemptionPolicy", "Whether pods of lower priority are evicted for these.") {
      $0.text("preemptionPolicy")
    },
  ])

  static let runtimeClass = TablePrinter([
    .name,
    .text("Handler", "What the container runtime calls it.") { $0.text("handler") },
    .age,
  ])

  static let flowSchema = TablePrinter(
    [
      .name,
      .text("PriorityLevel", "The priority level of the requests.") {
        $0.text("spec", "priorityLevelConfiguration", "name")
      },
      .integer(
        "MatchingPrecedence", "Place among the schemas; the lowest that matches counts.", type: "string"
      ) {
        $0.integer("spec", "matchingPrecedence")
      },
      .text("DistinguisherMethod", "By what the requests are told apart.") {
        $0.has("spec", "distinguisherMethod") ? $0.text("spec", "distinguisherMethod", "type") : "<none>"
      },
      .age,
      .text("MissingPL", "Whether its priority level does not exist.") { $0.condition("Dangling") ?? "?" },
    ],
    // In the order in which requests are matched.
    precedes: {
      ($0.integer("spec", "matchingPrecedence"), $0.text("metadata", "name"))
        < ($1.integer("spec", "matchingPrecedence"), $1.text("metadata", "name"))
    })

  static let priorityLevelConfiguration = TablePrinter([
    .name,
    .text("Type", "Whether the level is limited.") { $0.text("spec", "type") },
    number(
      "NominalConcurrencyShares", "Its share of the requests served at once.", "nominalConcurrencyShares"),
    number("Queues", "Number of queues.", "limitResponse", "queuing", "queues"),
    number("HandSize", "Number of queues that one flow may use.", "limitResponse", "queuing", "handSize"),
    number(
      "QueueLengthLimit", "Requests that may wait in a queue.", "limitResponse", "queuing", "queueLengthLimit"
    ),
    .age,
  ])

  /// A number of a limited priority level, `<none>` for other levels.
  private static func number(_ name: String, _ description: String, _ path: String...) -> TableField {
    TableField(column: TableColumn(name, description: description)) {
      guard let value = $0.value(["spec", "limited"] + path)?.integer else { return "<none>" }
      return .integer(value)
    }
  }

  static let resourceClaim = TablePrinter([
    .name,
    .text("State", "Whether the devices are allocated, and for use by someone.") { claim in
      let isAllocated = claim.has("status", "allocation")
      var states: [String] = claim.isBeingDeleted ? ["deleted"] : isAllocated ? [] : ["pending"]
      if isAllocated { states.append("allocated") }
      if isAllocated && claim.count("status", "reservedFor") > 0 { states.append("reserved") }
      return states.joined(separator: ",")
    },
    .age,
  ])

  static let resourceSlice = TablePrinter([
    .name,
    .text("Node", "The node that has the devices.") { $0.text("spec", "nodeName") },
    .text("Driver", "The driver of the devices.") { $0.text("spec", "driver") },
    .text("Pool", "The pool that the slice is part of.") { $0.text("spec", "pool", "name") },
    .age,
  ])

  static let deviceTaintRule = TablePrinter([
    .name,
    .text("Key", "Key of the taint.") { $0.text("spec", "taint", "key") },
    .text("Value", "Value of the taint.") { $0.text("spec", "taint", "value") },
    .text("Effect", "Effect of the taint.") { $0.text("spec", "taint", "effect") },
    .text("TimeAdded", "Time since the taint was added.") {
      $0.has("spec", "taint", "timeAdded") ? $0.elapsed(since: "spec", "taint", "timeAdded") : ""
    },
    .age,
  ])
}
