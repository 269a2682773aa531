// The rules for ingresses and their classes.
extension Checker {
  mutating func ingress(_ ingress: JSON) {
    ingressRules(ingress, tolerated: .null)
    let key = "kubernetes.io/ingress.class"
    if let annotation = (ingress["metadata"] ?? .null).entries(at: "annotations")[key]?.string,
      let name = ingress["spec", "ingressClassName"]?.string, annotation != name
    {
      invalid(
        FieldPath("annotations", key), annotation, "must match `ingressClassName` when both are specified")
    }
  }

  mutating func ingressUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    ingressRules(new, tolerated: old["spec"] ?? .null)
  }

  private mutating func ingressRules(_ ingress: JSON, tolerated oldSpec: JSON) {
    metadata(ingress, isNamespaced: true, .subdomain)
    let spec = ingress["spec"] ?? .null
    let path = FieldPath("spec")
    let rules = spec.list(at: "rules")
    let backend = spec.member(at: "defaultBackend")
    if rules.isEmpty, backend == nil {
      invalid(path, spec["rules"], "either `defaultBackend` or `rules` must be specified")
    }
    if let backend { ingressBackend(backend, path["defaultBackend"]) }
    for (index, rule) in rules.enumerated() { ingressRule(rule, path["rules"][index]) }
    let toleratesSecrets = oldSpec.list(at: "tls").contains {
      let name = $0.text(at: "secretName")
      return !name.isEmpty && !NameFormats.dns1123Subdomain(name).isEmpty
    }
    for (index, security) in spec.list(at: "tls").enumerated() {
      let path = path["tls"][index]
      for (index, host) in security.texts(at: "hosts").enumerated() {
        ingressHost(host, path["hosts"][index])
      }
      let secret = security.text(at: "secretName")
      if !secret.isEmpty, !toleratesSecrets { subdomain(secret, path["secretName"]) }
    }
    if let name = spec.optionalText(at: "ingressClassName") { subdomain(name, path["ingressClassName"]) }
  }

  private mutating func ingressHost(_ host: String, _ path: FieldPath) {
    invalid(
      path, host,
      host.contains("*") ? NameFormats.wildcardSubdomain(host) : NameFormats.dns1123Subdomain(host))
  }

  private mutating func ingressRule(_ rule: JSON, _ path: FieldPath) {
    let host = rule.text(at: "host")
    if !host.isEmpty {
      if NetworkAddress(host) != nil { invalid(path["host"], host, "must be a DNS name, not an IP address") }
      ingressHost(host, path["host"])
    }
    guard let http = rule.member(at: "http") else { return }
    let paths = http.list(at: "paths")
    if paths.isEmpty { required(path["http"]["paths"]) }
    for (index, element) in paths.enumerated() { ingressPath(element, path["http"]["paths"][index]) }
  }

  private mutating func ingressPath(_ element: JSON, _ path: FieldPath) {
    guard let type = element.optionalText(at: "pathType") else {
      return required(path["pathType"], "pathType must be specified")
    }
    let value = element.text(at: "path")
    let valuePath = path["path"]
    switch type {
    case "Exact", "Prefix":
      if !value.hasPrefix("/") { invalid(valuePath, value, "must be an absolute path") }
      for sequence in ["//", "/./", "/../", "%2f", "%2F"] where value.contains(sequence) {
        invalid(valuePath, value, "must not contain '\(sequence)'")
      }
      for suffix in ["/..", "/."] where value.hasSuffix(suffix) {
        invalid(valuePath, value, "cannot end with '\(suffix)'")
      }
    case "ImplementationSpecific":
      if !value.isEmpty, !value.hasPrefix("/") { invalid(valuePath, value, "must be an absolute path") }
    default: notSupported(path["pathType"], type, ["Exact", "ImplementationSpecific", "Prefix"])
    }
    ingressBackend(element["backend"] ?? .null, path["backend"])
  }

  private mutating func ingressBackend(_ backend: JSON, _ path: FieldPath) {
    let resource = backend.member(at: "resource")
    guard let service = backend.member(at: "service") else {
      guard let resource else { return invalid(path, "", "resource or service backend is required") }
      return typedReference(resource, path["resource"])
    }
    if resource != nil { return invalid(path, "", "cannot set both resource and service backends") }
    requiredName(service.text(at: "name"), path["service"]["name"], NameFormats.dns1035Label)
    let port = service["port"] ?? .null
    let name = port.text(at: "name")
    let number = port.integer(at: "number")
    let portPath = path["service"]["port"]
    switch (name.isEmpty, number == 0) {
    case (false, false): invalid(path, "", "cannot set both port name & port number")
    case (false, true): invalid(portPath["name"], name, ValueFormats.portName(name))
    case (true, false): self.port(number, portPath["number"])
    case (true, true): required(path, "port name or number is required")
    }
  }

  private mutating func typedReference(_ reference: JSON, _ path: FieldPath) {
    if let group = reference.optionalText(at: "apiGroup") { subdomain(group, path["apiGroup"]) }
    for field in ["kind", "name"] {
      requiredName(reference.text(at: field), path[field], NameFormats.pathSegment)
    }
  }

  mutating func ingressStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let known = (old["status", "loadBalancer"] ?? .null).list(at: "ingress").map { $0.text(at: "ip") }
    for (index, point) in (new["status", "loadBalancer"] ?? .null).list(at: "ingress").enumerated() {
      let path = FieldPath("status", "loadBalancer", "ingress")[index]
      let address = point.text(at: "ip")
      if !address.isEmpty { self.address(address, path["ip"], tolerated: known) }
      loadBalancerHost(point.text(at: "hostname"), path["hostname"])
    }
  }

  mutating func ingressClass(_ ingressClass: JSON) {
    metadata(ingressClass, isNamespaced: false, .subdomain)
    let spec = ingressClass["spec"] ?? .null
    let path = FieldPath("spec")
    let controller = spec.text(at: "controller")
    if controller.utf8.count > 250 { tooLong(path["controller"], 250) }
    domainPrefixedPath(controller, path["controller"])
    guard let parameters = spec.member(at: "parameters") else { return }
    let parametersPath = path["parameters"]
    typedReference(parameters, parametersPath)
    let namespace = parameters.optionalText(at: "namespace")
    switch parameters.optionalText(at: "scope") {
    case nil: required(parametersPath["scope"])
    case "Namespace":
      if let namespace {
        label(namespace, parametersPath["namespace"])
      } else {
        required(parametersPath["namespace"], "`parameters.scope` is set to 'Namespace'")
      }
    case "Cluster":
      if namespace != nil { forbidden(parametersPath["namespace"], "`parameters.scope` is set to 'Cluster'") }
    case let scope?: notSupported(parametersPath["scope"], scope, ["Cluster", "Namespace"])
    }
  }

  mutating func ingressClassUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    immutable(new["spec", "controller"], old["spec", "controller"], FieldPath("spec", "controller"))
    ingressClass(new)
  }
}
