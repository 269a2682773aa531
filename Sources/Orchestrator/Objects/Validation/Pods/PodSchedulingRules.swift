// The rules for what decides where a pod may run.
extension Checker {
  mutating func affinity(_ affinity: JSON?, _ path: FieldPath) {
    guard let affinity else { return }
    let requiredField = "requiredDuringSchedulingIgnoredDuringExecution"
    let preferredField = "preferredDuringSchedulingIgnoredDuringExecution"
    if let nodes = affinity.member(at: "nodeAffinity") {
      let path = path["nodeAffinity"]
      if let selector = nodes.member(at: requiredField) { nodeSelector(selector, path[requiredField]) }
      for (index, term) in nodes.list(at: preferredField).enumerated() {
        let path = path[preferredField][index]
        weight(term, path)
        nodeSelectorTerm(term["preference"] ?? .null, path["preference"], checksValues: false)
      }
    }
    for field in ["podAffinity", "podAntiAffinity"] {
      guard let pods = affinity.member(at: field) else { continue }
      for (index, term) in pods.list(at: requiredField).enumerated() {
        podAffinityTerm(term, path[field][requiredField][index])
      }
      for (index, term) in pods.list(at: preferredField).enumerated() {
        let path = path[field][preferredField][index]
        weight(term, path)
        podAffinityTerm(term["podAffinityTerm"] ?? .null, path["podAffinityTerm"])
      }
    }
  }

  private mutating func weight(_ term: JSON, _ path: FieldPath) {
    let weight = term.integer(at: "weight")
    if !(1...100).contains(weight) { invalid(path["weight"], weight, "must be in the range 1-100") }
  }

  private mutating func podAffinityTerm(_ term: JSON, _ path: FieldPath) {
    labelSelector(term["labelSelector"], path["labelSelector"])
    labelSelector(term["namespaceSelector"], path["namespaceSelector"])
    for namespace in term.texts(at: "namespaces") { label(namespace, path["namespace"]) }
    matchLabelKeys(term, path)
    let key = term.text(at: "topologyKey")
    if key.isEmpty { required(path["topologyKey"], "can not be empty") }
    qualifiedName(key, path["topologyKey"])
  }

  private mutating func matchLabelKeys(_ term: JSON, _ path: FieldPath) {
    let selector = term.member(at: "labelSelector")
    let matching = term.texts(at: "matchLabelKeys")
    let mismatching = term.texts(at: "mismatchLabelKeys")
    for (field, keys) in [("matchLabelKeys", matching), ("mismatchLabelKeys", mismatching)]
    where !keys.isEmpty {
      guard selector != nil else {
        forbidden(path[field], "must not be specified when labelSelector is not set")
        continue
      }
      for (index, key) in keys.enumerated() { qualifiedName(key, path[field][index]) }
    }
    if let selector {
      // One expression for each key comes from the field itself: only a second one is the user's.
      var seen = Set(selector.entries(at: "matchLabels").keys)
      for expression in selector.list(at: "matchExpressions") {
        let key = expression.text(at: "key")
        if let index = matching.lastIndex(of: key), seen.contains(key) {
          invalid(path[index], key, "exists in both matchLabelKeys and labelSelector")
        }
        seen.insert(key)
      }
    }
    for (index, key) in matching.enumerated() where mismatching.contains(key) {
      invalid(path["matchLabelKeys"][index], key, "exists in both matchLabelKeys and mismatchLabelKeys")
    }
  }

  mutating func nodeSelector(_ selector: JSON, _ path: FieldPath) {
    let terms = selector.list(at: "nodeSelectorTerms")
    let path = path["nodeSelectorTerms"]
    if terms.isEmpty { return required(path, "must have at least one node selector term") }
    for (index, term) in terms.enumerated() { nodeSelectorTerm(term, path[index], checksValues: true) }
  }

  private mutating func nodeSelectorTerm(_ term: JSON, _ path: FieldPath, checksValues: Bool) {
    for (index, requirement) in term.list(at: "matchExpressions").enumerated() {
      nodeRequirement(requirement, path["matchExpressions"][index], checksValues: checksValues)
    }
    for (index, requirement) in term.list(at: "matchFields").enumerated() {
      let path = path["matchFields"][index]
      let values = requirement.texts(at: "values")
      let operation = requirement.text(at: "operator")
      if ["In", "NotIn"].contains(operation) {
        if values.count != 1 {
          required(
            path["values"],
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
        }
      } else {
        invalid(path["operator"], operation, "not a valid selector operator")
      }
      let key = requirement.text(at: "key")
      if key == "metadata.name" {
        for (index, value) in values.enumerated() { subdomain(value, path["values"][index]) }
      } else {
        invalid(path["key"], key, "not a valid field selector key")
      }
    }
  }

  private mutating func nodeRequirement(_ requirement: JSON, _ path: FieldPath, checksValues: Bool) {
    let values = requirement.texts(at: "values")
    let operation = requirement.text(at: "operator")
    switch operation {
    case "In", "NotIn":
      if values.isEmpty { required(path["values"], "must be specified when `operator` is 'In' or 'NotIn'") }
    case "Exists", "DoesNotExist":
      if !values.isEmpty {
        forbidden(path["values"], "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      }
    case "Gt", "Lt":
      if values.count != 1 {
        required(path["values"], "must be specified single value when `operator` is 'Lt' or 'Gt'")
      }
    default: invalid(path["operator"], operation, "not a valid selector operator")
    }
    qualifiedName(requirement.text(at: "key"), path["key"])
    guard checksValues else { return }
    for (index, value) in values.enumerated() {
      invalid(path["values"][index], value, NameFormats.labelValue(value))
    }
  }

  mutating func tolerations(_ tolerations: [JSON], _ path: FieldPath) {
    for (index, toleration) in tolerations.enumerated() {
      let path = path[index]
      let key = toleration.text(at: "key")
      let operation = toleration.text(at: "operator")
      let value = toleration.text(at: "value")
      let effect = toleration.text(at: "effect")
      if !key.isEmpty { qualifiedName(key, path["key"]) }
      if key.isEmpty, operation != "Exists" {
        invalid(
          path["operator"], operation,
          "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
      }
      if toleration.member(at: "tolerationSeconds") != nil, effect != "NoExecute" {
        invalid(path["effect"], effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
      }
      switch operation {
      case "", "Equal":
        let problems = NameFormats.labelValue(value)
        if !problems.isEmpty { invalid(path["operator"], value, problems.joined(separator: ";")) }
      case "Exists":
        if !value.isEmpty {
          invalid(path["operator"], value, "value must be empty when `operator` is 'Exists'")
        }
      case "Lt", "Gt": notSupported(path["operator"], operation, ["Equal", "Exists", "Lt", "Gt"])
      default: notSupported(path["operator"], operation, ["Equal", "Exists"])
      }
      if !effect.isEmpty { taintEffect(effect, path["effect"]) }
    }
  }

  mutating func taintEffect(_ effect: String, _ path: FieldPath) {
    choice(effect, path, ["NoSchedule", "PreferNoSchedule", "NoExecute"])
  }

  mutating func schedulingGates(_ gates: [JSON], _ path: FieldPath) {
    var names: Set<String> = []
    for (index, gate) in gates.enumerated() {
      let name = gate.text(at: "name")
      qualifiedName(name, path[index])
      if !names.insert(name).inserted { duplicate(path[index], name) }
    }
  }

  mutating func topologySpread(_ constraints: [JSON], _ path: FieldPath) {
    for (index, constraint) in constraints.enumerated() {
      let path = path[index]
      positive(constraint.integer(at: "maxSkew"), path["maxSkew"])
      let key = constraint.text(at: "topologyKey")
      if key.isEmpty { required(path["topologyKey"], "can not be empty") }
      let action = constraint.text(at: "whenUnsatisfiable")
      let actions = ["DoNotSchedule", "ScheduleAnyway"]
      if !actions.contains(action) { notSupported(path["whenUnsatisfiable"], action, actions) }
      let isRepeated = constraints[(index + 1)...].contains {
        $0.text(at: "topologyKey") == key && $0.text(at: "whenUnsatisfiable") == action
      }
      if isRepeated { duplicate(path["{topologyKey, whenUnsatisfiable}"], "{\(key), \(action)}") }
      if let domains = constraint.optionalInteger(at: "minDomains") {
        positive(domains, path["minDomains"])
        if action != "DoNotSchedule" {
          invalid(
            path["minDomains"], domains,
            "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(action)")
        }
      }
      for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        optionalChoice(constraint[field], path[field], ["Honor", "Ignore"])
      }
      matchLabelKeys(constraint, path)
      labelSelector(constraint["labelSelector"], path["labelSelector"])
    }
  }
}
