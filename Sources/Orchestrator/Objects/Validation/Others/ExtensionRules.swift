// The rules for definitions of custom resources and for API services.
extension Checker {
  mutating func customResourceDefinition(_ definition: JSON) {
    let spec = definition["spec"] ?? .null
    let names = spec["names"] ?? .null
    let name = (definition["metadata"] ?? .null).text(at: "name")
    metadata(definition, isNamespaced: false, .crdName)
    if !name.isEmpty, name != names.text(at: "plural") + "." + spec.text(at: "group") {
      invalid(FieldPath("metadata", "name"), name, "must be spec.names.plural+\".\"+spec.group")
    }
    definitionSpecification(spec, FieldPath("spec"))
  }

  mutating func customResourceDefinitionUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    let path = FieldPath("spec")
    definitionSpecification(spec, path)
    let isEstablished = (old["status"] ?? .null).list(at: "conditions").contains {
      $0.text(at: "type") == "Established" && $0.text(at: "status") == "True"
    }
    guard isEstablished else { return }
    for field in ["group", "scope"] { immutable(spec[field], oldSpec[field], path[field]) }
    for field in ["kind", "plural"] {
      immutable(spec["names", field], oldSpec["names", field], path["names"][field])
    }
  }

  private mutating func definitionSpecification(_ spec: JSON, _ path: FieldPath) {
    let group = spec.text(at: "group")
    if group.isEmpty {
      required(path["group"])
    } else {
      let problems = NameFormats.dns1123Subdomain(group)
      if !problems.isEmpty {
        invalid(path["group"], group, problems.joined(separator: ","))
      } else if !group.contains(".") {
        invalid(path["group"], group, "should be a domain with at least one dot")
      }
    }
    choice(spec.text(at: "scope"), path["scope"], ["Cluster", "Namespaced"])
    definitionVersions(spec, path["versions"])
    definitionNames(spec["names"] ?? .null, path["names"])
    guard let conversion = spec.member(at: "conversion") else { return }
    let strategy = conversion.text(at: "strategy")
    choice(strategy, path["conversion"]["strategy"], ["None", "Webhook"])
    if strategy == "Webhook" {
      guard let webhook = conversion.member(at: "webhook"), let client = webhook.member(at: "clientConfig")
      else {
        return required(path["conversion"]["webhookClientConfig"], "required when strategy is set to Webhook")
      }
      clientConfiguration(client, path["conversion"]["webhookClientConfig"])
    } else if conversion.member(at: "webhook") != nil {
      forbidden(
        path["conversion"]["webhookClientConfig"],
        "should not be set when strategy is not set to Webhook")
    }
  }

  private mutating func definitionVersions(_ spec: JSON, _ path: FieldPath) {
    let versions = spec.list(at: "versions")
    var names: Set<String> = []
    var isUnique = true
    for (index, version) in versions.enumerated() {
      let path = path[index]
      let name = version.text(at: "name")
      if !names.insert(name).inserted { isUnique = false }
      let problems = NameFormats.dns1035Label(name)
      if !problems.isEmpty { invalid(path["name"], name, problems.joined(separator: ",")) }
      for (index, column) in version.list(at: "additionalPrinterColumns").enumerated() {
        printerColumn(column, path["additionalPrinterColumns"][index])
      }
      guard let schema = version["schema", "openAPIV3Schema"], !schema.isNull else {
        required(path["schema"]["openAPIV3Schema"], "schemas are required")
        continue
      }
      structuralSchema(schema, path["schema"]["openAPIV3Schema"], place: .root, depth: 0)
    }
    if !isUnique { invalid(path, spec["versions"], "must contain unique version names") }
    if versions.filter({ $0.flag(at: "storage") }).count != 1 {
      invalid(path, spec["versions"], "must have exactly one version marked as storage version")
    }
  }

  private mutating func printerColumn(_ column: JSON, _ path: FieldPath) {
    requiredText(column.text(at: "name"), path["name"])
    let type = column.text(at: "type")
    let types = ["integer", "number", "string", "boolean", "date"]
    if type.isEmpty {
      required(path["type"], "must be one of " + types.joined(separator: ","))
    } else if !types.contains(type) {
      invalid(path["type"], type, "must be one of " + types.joined(separator: ","))
    }
    requiredText(column.text(at: "jsonPath"), path["JSONPath"])
  }

  private enum SchemaPlace {
    case root, property, items
  }

  /// The first rule of structural schemas: every value has a type.
  private mutating func structuralSchema(_ schema: JSON, _ path: FieldPath, place: SchemaPlace, depth: Int) {
    guard depth < 100 else { return }
    let type = schema.text(at: "type")
    let isOpen =
      schema.flag(at: "x-kubernetes-int-or-string") || schema.flag(at: "x-kubernetes-preserve-unknown-fields")
    switch place {
    case .root:
      if type.isEmpty {
        required(path["type"], "must not be empty at the root")
      } else if type != "object" {
        invalid(path["type"], type, "must be object at the root")
      }
    case .property:
      if type.isEmpty, !isOpen { required(path["type"], "must not be empty for specified object fields") }
    case .items:
      if type.isEmpty, !isOpen { required(path["type"], "must not be empty for specified array items") }
    }
    for property in schema.entries(at: "properties") {
      structuralSchema(
        property.value, path["properties"].key(property.key), place: .property, depth: depth + 1)
    }
    if let items = schema.member(at: "items"), items.object != nil {
      structuralSchema(items, path["items"], place: .items, depth: depth + 1)
    } else if type == "array", schema.member(at: "items") == nil {
      required(path["items"], "must be specified")
    }
    if let others = schema.member(at: "additionalProperties"), others.object != nil {
      if !schema.entries(at: "properties").isEmpty {
        forbidden(path["additionalProperties"], "additionalProperties and properties are mutual exclusive")
      }
      structuralSchema(others, path["additionalProperties"], place: .property, depth: depth + 1)
    }
  }

  private mutating func definitionNames(_ names: JSON, _ path: FieldPath) {
    for field in ["plural", "singular", "kind", "listKind"] {
      requiredText(names.text(at: field), path[field])
    }
    func lowerCase(_ name: String, _ path: FieldPath) {
      let problems = NameFormats.dns1035Label(name)
      if !name.isEmpty, !problems.isEmpty { invalid(path, name, problems.joined(separator: ",")) }
    }
    func mixedCase(_ name: String, _ path: FieldPath) {
      let problems = NameFormats.dns1035Label(name.lowercased())
      if !name.isEmpty, !problems.isEmpty {
        invalid(
          path, name,
          "may have mixed case, but should otherwise match: " + problems.joined(separator: ","))
      }
    }
    lowerCase(names.text(at: "plural"), path["plural"])
    lowerCase(names.text(at: "singular"), path["singular"])
    mixedCase(names.text(at: "kind"), path["kind"])
    mixedCase(names.text(at: "listKind"), path["listKind"])
    for field in ["shortNames", "categories"] {
      for (index, name) in names.texts(at: field).enumerated() { lowerCase(name, path[field][index]) }
    }
    let listKind = names.text(at: "listKind")
    if !listKind.isEmpty, listKind == names.text(at: "kind") {
      invalid(path["listKind"], listKind, "kind and listKind may not be the same")
    }
  }

  mutating func apiService(_ service: JSON) {
    metadata(service, isNamespaced: false, .apiServiceName)
    let spec = service["spec"] ?? .null
    let path = FieldPath("spec")
    let group = spec.text(at: "group")
    let version = spec.text(at: "version")
    let name = (service["metadata"] ?? .null).text(at: "name")
    let expected = version + "." + group
    if !name.isEmpty, name != expected {
      invalid(
        FieldPath("metadata", "name"), name,
        "must be `spec.version+\".\"+spec.group`: \(MessageText.quoted(expected))")
    }
    if !group.isEmpty { subdomain(group, path["group"]) }
    if version.isEmpty {
      required(path["version"])
    } else {
      invalid(path["version"], version, NameFormats.dns1035Label(version))
    }
    for (field, maximum) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
      let value = spec.integer(at: field)
      if value <= 0 || value > maximum {
        invalid(path[field], value, "must be positive and less than \(maximum)")
      }
    }
    let skips = spec.flag(at: "insecureSkipTLSVerify")
    let hasBundle = !spec.text(at: "caBundle").isEmpty
    guard let backend = spec.member(at: "service") else {
      if hasBundle { invalid(path["caBundle"], "<redacted>", "local APIServices may not have a caBundle") }
      if skips {
        invalid(path["insecureSkipTLSVerify"], true, "local APIServices may not have insecureSkipTLSVerify")
      }
      return
    }
    for field in ["namespace", "name"] { requiredText(backend.text(at: field), path["service"][field]) }
    if let port = backend.optionalInteger(at: "port") { self.port(port, path["service"]["port"]) }
    if skips, hasBundle {
      invalid(path["insecureSkipTLSVerify"], true, "may not be true if caBundle is present")
    }
  }
}
