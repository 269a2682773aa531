/// What the rules for a pod need to know of its surroundings.
struct PodContext {
  /// The metadata of the pod, where this is a pod and not a template.
  var metadata: JSON?
  var isPod: Bool { metadata != nil }
}

/// What the rules for a container need to know of its pod.
struct ContainerContext {
  /// The well-formed volumes by name.
  var volumes: [String: JSON]
  /// The names of the resource claims.
  var claims: Set<String>
  var restartPolicy: String
  var gracePeriodSeconds: Int64?
  var usesHostUsers: Bool
  var operatingSystem: String?
}

extension Checker {
  /// A new pod.
  mutating func pod(_ pod: JSON) {
    podMetadataAndSpecification(pod)
    let spec = pod["spec"] ?? .null
    let path = FieldPath("spec")
    if !spec.list(at: "ephemeralContainers").isEmpty {
      forbidden(path["ephemeralContainers"], "cannot be set on create")
    }
    if !spec.text(at: "nodeName").isEmpty, !spec.list(at: "schedulingGates").isEmpty {
      forbidden(path["nodeName"], "cannot be set until all schedulingGates have been cleared")
    }
    profileAnnotationsMatch(pod["metadata"] ?? .null, spec, path)
  }

  /// The metadata and specification of a pod, new or updated.
  mutating func podMetadataAndSpecification(_ pod: JSON) {
    let metadata = pod["metadata"] ?? .null
    let spec = pod["spec"] ?? .null
    let path = FieldPath("spec")
    self.metadata(pod, isNamespaced: true, .subdomain)
    podAnnotations(metadata.entries(at: "annotations"), spec, FieldPath("metadata", "annotations"))
    podSpecification(spec, path, PodContext(metadata: metadata))
    if spec.text(at: "serviceAccountName").isEmpty {
      for (index, volume) in spec.list(at: "volumes").enumerated() {
        for (source, projection) in (volume["projected"] ?? .null).list(at: "sources").enumerated()
        where projection.member(at: "serviceAccountToken") != nil {
          forbidden(
            path["volumes"][index]["projected"]["sources"][source]["serviceAccountToken"],
            "must not be specified when serviceAccountName is not set")
        }
      }
    }
    for kind in ["containers", "initContainers"] {
      for (index, container) in spec.list(at: kind).enumerated() {
        unpaddedImage(container, path[kind][index])
      }
    }
  }

  /// A template for pods.
  mutating func podTemplate(_ template: JSON, _ path: FieldPath) {
    let metadata = template["metadata"] ?? .null
    let spec = template["spec"] ?? .null
    labels(metadata.entries(at: "labels"), path["labels"])
    let annotations = metadata.entries(at: "annotations")
    self.annotations(annotations, path["annotations"])
    podAnnotations(annotations, spec, path["annotations"])
    podSpecification(spec, path["spec"], PodContext())
    profileAnnotationsMatch(metadata, spec, path["spec"])
    if !spec.list(at: "ephemeralContainers").isEmpty {
      forbidden(path["spec"]["ephemeralContainers"], "ephemeral containers not allowed in pod template")
    }
  }

  mutating func podSpecification(_ spec: JSON, _ path: FieldPath, _ context: PodContext) {
    let gracePeriod = spec.optionalInteger(at: "terminationGracePeriodSeconds")
    if gracePeriod == nil { required(path["terminationGracePeriodSeconds"]) }
    let volumes = podVolumes(spec.list(at: "volumes"), path["volumes"], context)
    let claims = spec.list(at: "resourceClaims")
    podResourceClaims(claims, path["resourceClaims"], context)
    let operatingSystem = spec.member(at: "os")?.text(at: "name")
    let containers = ContainerContext(
      volumes: volumes, claims: Set(claims.map { $0.text(at: "name") }.filter { !$0.isEmpty }),
      restartPolicy: spec.text(at: "restartPolicy"), gracePeriodSeconds: gracePeriod,
      usesHostUsers: spec.optionalFlag(at: "hostUsers") ?? true, operatingSystem: operatingSystem)
    self.containers(spec.list(at: "containers"), path["containers"], containers)
    initContainers(spec, path["initContainers"], containers)
    ephemeralContainers(spec, path["ephemeralContainers"], containers)
    podResources(spec, path["resources"], containers)
    hostNetworkPorts(spec, path, context)
    choice(spec.text(at: "restartPolicy"), path["restartPolicy"], ["Always", "OnFailure", "Never"])
    choice(
      spec.text(at: "dnsPolicy"), path["dnsPolicy"],
      ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"])
    labels(spec.entries(at: "nodeSelector"), path["nodeSelector"])
    podSecurityContext(spec, path["securityContext"])
    affinity(spec.member(at: "affinity"), path["affinity"])
    podDNS(spec, path["dnsConfig"])
    for (index, gate) in spec.list(at: "readinessGates").enumerated() {
      qualifiedName(gate.text(at: "conditionType"), path["readinessGates"][index]["conditionType"])
    }
    schedulingGates(spec.list(at: "schedulingGates"), path["schedulingGates"])
    topologySpread(spec.list(at: "topologySpreadConstraints"), path["topologySpreadConstraints"])
    hostProcesses(spec, path)
    hostUsers(spec, path)
    hostnameOverride(spec, path["hostnameOverride"])
    podNames(spec, path)
    let tolerations = spec.list(at: "tolerations")
    self.tolerations(tolerations, path["tolerations"])
    for (index, alias) in spec.list(at: "hostAliases").enumerated() {
      let path = path["hostAliases"][index]
      address(alias.text(at: "ip"), path["ip"])
      for (index, name) in alias.texts(at: "hostnames").enumerated() {
        subdomain(name, path["hostnames"][index])
      }
    }
    for field in ["priorityClassName", "runtimeClassName"] {
      guard let name = spec.optionalText(at: field), field == "runtimeClassName" || !name.isEmpty else {
        continue
      }
      subdomain(name, path[field])
    }
    if let policy = spec.optionalText(at: "preemptionPolicy") {
      choice(policy, path["preemptionPolicy"], ["PreemptLowerPriority", "Never"])
    }
    if let overhead = spec.member(at: "overhead") {
      resourceRequirements(["limits": overhead], path["overhead"], containers)
    }
    if spec.member(at: "os") != nil { operatingSystemRules(spec, path, operatingSystem ?? "") }
    if let group = spec.member(at: "schedulingGroup") {
      if let name = group.optionalText(at: "podGroupName") {
        subdomain(name, path["schedulingGroup"]["podGroupName"])
      } else {
        invalid(path["schedulingGroup"]["podGroupName"], nil, "must specify one of: `podGroupName`")
      }
    }
    fileKeyVolumes(spec, path)
  }

  private mutating func podNames(_ spec: JSON, _ path: FieldPath) {
    for field in ["serviceAccountName", "nodeName"] where !spec.text(at: field).isEmpty {
      subdomain(spec.text(at: field), path[field])
    }
    if let deadline = spec.optionalInteger(at: "activeDeadlineSeconds"),
      !(1...2_147_483_647).contains(deadline)
    {
      invalid(path["activeDeadlineSeconds"], deadline, ValueFormats.inclusiveRange(1, 2_147_483_647))
    }
    for field in ["hostname", "subdomain"] where !spec.text(at: field).isEmpty {
      label(spec.text(at: field), path[field])
    }
  }

  private mutating func hostNetworkPorts(_ spec: JSON, _ path: FieldPath, _ context: PodContext) {
    guard spec.flag(at: "hostNetwork") else { return }
    for (index, container) in spec.list(at: "containers").enumerated() {
      for (place, port) in container.list(at: "ports").enumerated() {
        let hostPort = port.integer(at: "hostPort")
        guard context.isPod || hostPort != 0, hostPort != port.integer(at: "containerPort") else { continue }
        invalid(
          path["containers"][index]["ports"][place]["hostPort"], hostPort,
          "must match `containerPort` when `hostNetwork` is true")
      }
    }
  }

  private mutating func podDNS(_ spec: JSON, _ path: FieldPath) {
    let config = spec.member(at: "dnsConfig")
    let nameservers = config?.texts(at: "nameservers") ?? []
    if spec.text(at: "dnsPolicy") == "None" {
      if config == nil { return required(path, "must provide `dnsConfig` when `dnsPolicy` is None") }
      if nameservers.isEmpty {
        return required(
          path["nameservers"], "must provide at least one DNS nameserver when `dnsPolicy` is None")
      }
    }
    guard let config else { return }
    if nameservers.count > 3 {
      invalid(path["nameservers"], config["nameservers"], "must not have more than 3 nameservers")
    }
    for (index, nameserver) in nameservers.enumerated() { address(nameserver, path["nameservers"][index]) }
    let searches = config.texts(at: "searches")
    if searches.count > 32 {
      invalid(path["searches"], config["searches"], "must not have more than 32 search paths")
    }
    if searches.joined(separator: " ").utf8.count > 2048 {
      invalid(
        path["searches"], config["searches"],
        "must not have more than 2048 characters (including spaces) in the search list")
    }
    for (index, search) in searches.enumerated() where search != "." {
      let name = search.hasSuffix(".") ? String(search.dropLast()) : search
      invalid(path["searches"][index], name, NameFormats.dns1123SubdomainWithUnderscore(name))
    }
    for (index, option) in config.list(at: "options").enumerated() where option.text(at: "name").isEmpty {
      required(path["options"][index], "must not be empty")
    }
  }

  private mutating func hostnameOverride(_ spec: JSON, _ path: FieldPath) {
    guard let name = spec.optionalText(at: "hostnameOverride") else { return }
    if spec.flag(at: "setHostnameAsFQDN") {
      forbidden(path, "may not be specified when setHostnameAsFQDN is true")
    }
    if spec.flag(at: "hostNetwork") { forbidden(path, "may not be specified when hostNetwork is true") }
    if name.utf8.count > 64 { tooLong(path, 64) }
    subdomain(name, path)
  }

  private mutating func podResourceClaims(_ claims: [JSON], _ path: FieldPath, _ context: PodContext) {
    var names: Set<String> = []
    for (index, claim) in claims.enumerated() {
      let path = path[index]
      if context.metadata?.entries(at: "annotations")["kubernetes.io/config.mirror"] != nil {
        forbidden(FieldPath(""), "static pods do not support resource claims")
        continue
      }
      let name = claim.text(at: "name")
      if name.isEmpty {
        required(path["name"])
      } else if !names.insert(name).inserted {
        duplicate(path["name"], name)
      } else {
        label(name, path["name"])
      }
      let claimName = claim.optionalText(at: "resourceClaimName")
      let templateName = claim.optionalText(at: "resourceClaimTemplateName")
      if (claimName == nil) == (templateName == nil) {
        invalid(
          path, shown: GoForm.value(claim, as: "PodResourceClaim").compact,
          claimName == nil
            ? "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            : "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
      }
      if let claimName { subdomain(claimName, path["resourceClaimName"]) }
      if let templateName { subdomain(templateName, path["resourceClaimTemplateName"]) }
    }
  }

  /// Every container of a pod with its path, in the order in which Kubernetes visits them.
  static func allContainers(_ spec: JSON, _ path: FieldPath) -> [(container: JSON, path: FieldPath)] {
    ["initContainers", "containers", "ephemeralContainers"].flatMap { kind in
      spec.list(at: kind).enumerated().map { ($0.element, path[kind][$0.offset]) }
    }
  }
}
