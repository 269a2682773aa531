// The rules for the configurations of admission webhooks.
extension Checker {
  mutating func webhookConfiguration(_ configuration: JSON, mutates: Bool) {
    metadata(configuration, isNamespaced: false, .subdomain)
    var names: Set<String> = []
    for (index, webhook) in configuration.list(at: "webhooks").enumerated() {
      let path = FieldPath("webhooks")[index]
      let name = webhook.text(at: "name")
      self.webhook(webhook, name, path, mutates: mutates)
      reviewVersions(webhook, path["admissionReviewVersions"])
      if !name.isEmpty, !names.insert(name).inserted { duplicate(path["name"], name) }
    }
  }

  private mutating func webhook(_ webhook: JSON, _ name: String, _ path: FieldPath, mutates: Bool) {
    let problems = NameFormats.dns1123Subdomain(name)
    if name.isEmpty {
      required(path["name"])
    } else if !problems.isEmpty {
      invalid(path["name"], name, problems.joined(separator: ","))
    } else if name.split(separator: ".").count < 3 {
      invalid(path["name"], name, "should be a domain with at least three segments separated by dots")
    }
    labelSelector(webhook["namespaceSelector"], path["namespaceSelector"])
    labelSelector(webhook["objectSelector"], path["objectSelector"])
    for (index, rule) in webhook.list(at: "rules").enumerated() { webhookRule(rule, path["rules"][index]) }
    optionalChoice(webhook["failurePolicy"], path["failurePolicy"], ["Fail", "Ignore"])
    optionalChoice(webhook["matchPolicy"], path["matchPolicy"], ["Equivalent", "Exact"])
    if let effects = webhook.optionalText(at: "sideEffects") {
      if !["None", "NoneOnDryRun"].contains(effects) {
        notSupported(path["sideEffects"], effects, ["None", "NoneOnDryRun"])
      }
    } else {
      required(path["sideEffects"], "must specify one of None, NoneOnDryRun")
    }
    if let timeout = webhook.optionalInteger(at: "timeoutSeconds"), !(1...30).contains(timeout) {
      invalid(path["timeoutSeconds"], timeout, "the timeout value must be between 1 and 30 seconds")
    }
    if mutates {
      optionalChoice(webhook["reinvocationPolicy"], path["reinvocationPolicy"], ["IfNeeded", "Never"])
    }
    clientConfiguration(webhook["clientConfig"] ?? .null, path["clientConfig"])
    matchConditions(webhook.list(at: "matchConditions"), path["matchConditions"])
  }

  private mutating func matchConditions(_ conditions: [JSON], _ path: FieldPath) {
    if conditions.count > 64 { tooMany(path, conditions.count, 64) }
    var names: Set<String> = []
    for (index, condition) in conditions.enumerated() {
      let path = path[index]
      let name = condition.text(at: "name")
      requiredText(condition.text(at: "expression"), path["expression"])
      if name.isEmpty {
        required(path["name"])
      } else {
        qualifiedName(name, path["name"])
        if !names.insert(name).inserted { duplicate(path["name"], name) }
      }
    }
  }

  private mutating func reviewVersions(_ webhook: JSON, _ path: FieldPath) {
    let versions = webhook.texts(at: "admissionReviewVersions")
    if versions.isEmpty { return required(path, "must specify one of v1, v1beta1") }
    for (index, version) in versions.enumerated() {
      if versions[..<index].contains(version) {
        invalid(path[index], version, "duplicate version")
        continue
      }
      invalid(path[index], version, NameFormats.dns1035Label(version))
    }
    if !versions.contains("v1"), !versions.contains("v1beta1") {
      invalid(path, webhook["admissionReviewVersions"], "must include at least one of v1, v1beta1")
    }
  }

  private mutating func webhookRule(_ rule: JSON, _ path: FieldPath) {
    func alone(_ field: String, _ words: String) {
      let values = rule.texts(at: field)
      if values.isEmpty { return required(path[field]) }
      if values.count > 1, values.contains("*") {
        invalid(path[field], rule[field], "if '*' is present, must not specify other \(words)")
      }
    }
    alone("operations", "operations")
    let operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]
    for (index, operation) in rule.texts(at: "operations").enumerated() where !operations.contains(operation)
    {
      notSupported(path["operations"][index], operation, operations)
    }
    alone("apiGroups", "API groups")
    alone("apiVersions", "API versions")
    for field in ["apiVersions", "resources"] {
      for (index, value) in rule.texts(at: field).enumerated() where value.isEmpty {
        required(path[field][index])
      }
    }
    let resources = rule.texts(at: "resources")
    if resources.isEmpty { required(path["resources"]) }
    if resources.count > 1, resources.contains("*/*") {
      invalid(path["resources"], rule["resources"], "if '*/*' is present, must not specify other resources")
    }
    optionalChoice(rule["scope"], path["scope"], ["*", "Cluster", "Namespaced"])
  }

  /// Where a webhook is called.
  mutating func clientConfiguration(_ client: JSON, _ path: FieldPath) {
    let address = client.optionalText(at: "url")
    let service = client.member(at: "service")
    if (address == nil) == (service == nil) { required(path, "exactly one of url or service is required") }
    if let address { webhookAddress(address, path["url"]) }
    guard let service else { return }
    let path = path["service"]
    requiredText(service.text(at: "name"), path["name"], "service name is required")
    requiredText(service.text(at: "namespace"), path["namespace"], "service namespace is required")
    if let port = service.optionalInteger(at: "port"), let problem = ValueFormats.portNumber(port) {
      invalid(path["port"], port, "port is not valid: " + problem)
    }
    guard let urlPath = service.optionalText(at: "path"), urlPath != "/", !urlPath.isEmpty else { return }
    if urlPath == "//" { return invalid(path["path"], urlPath, "segment[0] may not be empty") }
    if !urlPath.hasPrefix("/") { return invalid(path["path"], urlPath, "must start with a '/'") }
    let steps = urlPath.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for (index, step) in (steps.last == "" ? steps.dropLast() : steps[...]).enumerated() {
      if step.isEmpty {
        invalid(path["path"], urlPath, "segment[\(index)] may not be empty")
        continue
      }
      for problem in NameFormats.dns1123Subdomain(step) {
        invalid(path["path"], urlPath, "segment[\(index)]: \(problem)")
      }
    }
  }

  private mutating func webhookAddress(_ address: String, _ path: FieldPath) {
    let form = "; desired format: https://host[:port]/path"
    guard address.hasPrefix("https://") else {
      let end = address.firstIndex(of: ":")
      let scheme = end.map { String(address[..<$0]) } ?? ""
      return invalid(path, scheme, "'https' is the only allowed URL scheme" + form)
    }
    let rest = address.dropFirst("https://".count)
    let authority = rest.prefix { !"/?#".contains($0) }
    if authority.isEmpty { invalid(path, "", "host must be specified" + form) }
    if authority.contains("@") {
      invalid(path, String(authority.prefix { $0 != "@" }), "user information is not permitted in the URL")
    }
    let afterQuery = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    if afterQuery.count > 1 {
      invalid(
        path, String(afterQuery[1].prefix { $0 != "#" }), "query parameters are not permitted in the URL")
    }
    let afterFragment = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    if afterFragment.count > 1 {
      invalid(path, String(afterFragment[1]), "fragments are not permitted in the URL")
    }
  }
}
