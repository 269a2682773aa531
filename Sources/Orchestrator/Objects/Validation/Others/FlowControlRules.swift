// The rules for flow schemas and priority levels.
extension Checker {
  mutating func flowSchema(_ schema: JSON) {
    metadata(schema, isNamespaced: false, .subdomain)
    let spec = schema["spec"] ?? .null
    let path = FieldPath("spec")
    let precedence = spec.integer(at: "matchingPrecedence")
    if precedence <= 0 { invalid(path["matchingPrecedence"], precedence, "must be a positive value") }
    if precedence > 10_000 {
      invalid(path["matchingPrecedence"], precedence, "must not be greater than 10000")
    }
    if precedence == 1, (schema["metadata"] ?? .null).text(at: "name") != "exempt" {
      invalid(
        path["matchingPrecedence"], precedence, "only the schema named 'exempt' may have matchingPrecedence 1"
      )
    }
    if let method = spec.member(at: "distinguisherMethod") {
      let type = method.text(at: "type")
      if !["ByNamespace", "ByUser"].contains(type) {
        notSupported(path["distinguisherMethod"]["type"], type, ["ByNamespace", "ByUser"])
      }
    }
    requiredName(
      (spec["priorityLevelConfiguration"] ?? .null).text(at: "name"),
      path["priorityLevelConfiguration"]["name"],
      NameFormats.dns1123Subdomain)
    for (index, rule) in spec.list(at: "rules").enumerated() { flowRule(rule, path["rules"][index]) }
  }

  private mutating func flowRule(_ rule: JSON, _ path: FieldPath) {
    let subjects = rule.list(at: "subjects")
    if subjects.isEmpty { required(path["subjects"], "subjects must contain at least one value") }
    for (index, subject) in subjects.enumerated() {
      let path = path["subjects"][index]
      let kind = subject.text(at: "kind")
      let members = ["ServiceAccount": "serviceAccount", "User": "user", "Group": "group"]
      guard let expected = members[kind] else {
        notSupported(path["kind"], kind, ["Group", "ServiceAccount", "User"])
        continue
      }
      if let member = subject.member(at: expected) {
        requiredText(member.text(at: "name"), path[expected]["name"])
      } else {
        required(path[expected], "\(expected) is required when subject kind is '\(kind)'")
      }
      for other in members.values.sorted() where other != expected && subject.member(at: other) != nil {
        forbidden(
          path[other],
          "\(other) is forbidden when subject kind is not '\(other.prefix(1).uppercased() + other.dropFirst())'"
        )
      }
    }
    let resources = rule.list(at: "resourceRules")
    let others = rule.list(at: "nonResourceRules")
    if resources.isEmpty, others.isEmpty {
      required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    }
    for (index, resource) in resources.enumerated() {
      let path = path["resourceRules"][index]
      if resource.list(at: "verbs").isEmpty {
        required(path["verbs"], "verbs must contain at least one value")
      }
      if resource.list(at: "apiGroups").isEmpty {
        required(path["apiGroups"], "resource rules must supply at least one api group")
      }
      if resource.list(at: "resources").isEmpty {
        required(path["resources"], "resource rules must supply at least one resource")
      }
      if resource.list(at: "namespaces").isEmpty, !resource.flag(at: "clusterScope") {
        required(
          path["namespaces"], "resource rules that are not cluster scoped must supply at least one namespace")
      }
    }
    for (index, other) in others.enumerated() {
      let path = path["nonResourceRules"][index]
      if other.list(at: "verbs").isEmpty { required(path["verbs"], "verbs must contain at least one value") }
      if other.list(at: "nonResourceURLs").isEmpty {
        required(path["nonResourceURLs"], "nonResourceURLs must contain at least one value")
      }
    }
  }

  mutating func priorityLevel(_ level: JSON) {
    metadata(level, isNamespaced: false, .subdomain)
    let spec = level["spec"] ?? .null
    let path = FieldPath("spec")
    switch spec.text(at: "type") {
    case "Exempt":
      if spec.member(at: "limited") != nil {
        forbidden(path["limited"], "must be nil if the type is not Limited")
      }
      if let exempt = spec.member(at: "exempt") { shares(exempt, path["exempt"]) }
    case "Limited":
      if spec.member(at: "exempt") != nil {
        forbidden(path["exempt"], "must be nil if the type is Limited")
      }
      guard let limited = spec.member(at: "limited") else {
        return required(path["limited"], "must not be empty when type is Limited")
      }
      shares(limited, path["limited"])
      limitResponse(limited["limitResponse"] ?? .null, path["limited"]["limitResponse"])
    case let type: notSupported(path["type"], type, ["Exempt", "Limited"])
    }
  }

  private mutating func shares(_ configuration: JSON, _ path: FieldPath) {
    let shares = configuration.integer(at: "nominalConcurrencyShares")
    if shares < 0 { invalid(path["nominalConcurrencyShares"], shares, "must be a non-negative integer") }
    if let percent = configuration.optionalInteger(at: "lendablePercent"), !(0...100).contains(percent) {
      invalid(path["lendablePercent"], percent, "must be between 0 and 100, inclusive")
    }
    if let percent = configuration.optionalInteger(at: "borrowingLimitPercent"), percent < 0 {
      invalid(path["borrowingLimitPercent"], percent, "if specified, must be a non-negative integer")
    }
  }

  private mutating func limitResponse(_ response: JSON, _ path: FieldPath) {
    let queuing = response.member(at: "queuing")
    switch response.text(at: "type") {
    case "Reject":
      if queuing != nil {
        forbidden(path["queuing"], "must be nil if limited.limitResponse.type is not Limited")
      }
    case "Queue":
      guard let queuing else {
        return required(path["queuing"], "must not be empty if limited.limitResponse.type is Limited")
      }
      let path = path["queuing"]
      let queues = queuing.integer(at: "queues")
      let hand = queuing.integer(at: "handSize")
      let length = queuing.integer(at: "queueLengthLimit")
      if length <= 0 { invalid(path["queueLengthLimit"], length, "must be positive") }
      if queues <= 0 {
        invalid(path["queues"], queues, "must be positive")
      } else if queues > 10_000_000 {
        invalid(path["queues"], queues, "must not be greater than 10000000")
      }
      if hand <= 0 {
        invalid(path["handSize"], hand, "must be positive")
      } else if hand > queues {
        invalid(path["handSize"], hand, "should not be greater than queues (\(queues))")
      }
    case let type: notSupported(path["type"], type, ["Queue", "Reject"])
    }
  }
}
