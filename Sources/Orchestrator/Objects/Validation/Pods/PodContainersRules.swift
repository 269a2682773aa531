// The rules for containers.
extension Checker {
  mutating func containers(_ containers: [JSON], _ path: FieldPath, _ context: ContainerContext) {
    if containers.isEmpty { return required(path) }
    var names: Set<String> = []
    for (index, container) in containers.enumerated() {
      let path = path[index]
      self.container(container, path, context)
      let name = container.text(at: "name")
      if !names.insert(name).inserted { duplicate(path["name"], name) }
      lifecycleAndProbes(container, path, context)
      containerRestartPolicy(container, path)
    }
    hostPortConflicts(containers, path)
  }

  mutating func initContainers(_ spec: JSON, _ path: FieldPath, _ context: ContainerContext) {
    var names = Set(spec.list(at: "containers").map { $0.text(at: "name") })
    let listPath = path
    for (index, container) in spec.list(at: "initContainers").enumerated() {
      let path = listPath[index]
      self.container(container, path, context)
      containerRestartPolicy(container, path)
      let isSidecar = container.text(at: "restartPolicy") == "Always"
      let name = container.text(at: "name")
      if names.contains(name) {
        duplicate(path["name"], name)
      } else if !name.isEmpty {
        names.insert(name)
      }
      // Init containers run one by one. Kubernetes checks each as a list of one, hence an index of 0.
      hostPortConflicts([container], listPath)
      if isSidecar {
        lifecycleAndProbes(container, path, context)
      } else {
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
        where container.member(at: field) != nil {
          forbidden(path[field], "may not be set for init containers without restartPolicy=Always")
        }
        for (place, policy) in container.list(at: "resizePolicy").enumerated()
        where policy.text(at: "restartPolicy") == "RestartContainer" {
          invalid(
            path["resizePolicy"][place]["restartPolicy"], "RestartContainer",
            "must not be set to 'RestartContainer' for non-sidecar initContainers")
        }
      }
    }
  }

  mutating func ephemeralContainers(_ spec: JSON, _ path: FieldPath, _ context: ContainerContext) {
    let ephemeral = spec.list(at: "ephemeralContainers")
    if ephemeral.isEmpty { return }
    let others = Set(
      (spec.list(at: "containers") + spec.list(at: "initContainers")).map { $0.text(at: "name") })
    var names = others
    for (index, container) in ephemeral.enumerated() {
      let path = path[index]
      self.container(container, path, context)
      unpaddedImage(container, path)
      let name = container.text(at: "name")
      if !names.insert(name).inserted { duplicate(path["name"], name) }
      let target = container.text(at: "targetContainerName")
      if !target.isEmpty, !others.contains(target) { notFound(path["targetContainerName"], target) }
      // In the order of their declaration.
      let fields = [
        "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe",
        "readinessProbe", "startupProbe", "lifecycle",
      ]
      for field in fields where !(container[field] ?? .null).meaningful.isNull {
        forbidden(path[field], "cannot be set for an Ephemeral Container")
      }
      for (place, mount) in container.list(at: "volumeMounts").enumerated() {
        for field in ["subPath", "subPathExpr"] where !mount.text(at: field).isEmpty {
          forbidden(path["volumeMounts"][place][field], "cannot be set for an Ephemeral Container")
        }
      }
    }
  }

  mutating func unpaddedImage(_ container: JSON, _ path: FieldPath) {
    let image = container.text(at: "image")
    if image.first?.isWhitespace == true || image.last?.isWhitespace == true {
      invalid(path["image"], image, "must not have leading or trailing whitespace")
    }
  }

  /// What holds for every kind of container.
  private mutating func container(_ container: JSON, _ path: FieldPath, _ context: ContainerContext) {
    requiredName(container.text(at: "name"), path["name"], NameFormats.dns1123Label)
    requiredText(container.text(at: "image"), path["image"])
    choice(
      container.text(at: "terminationMessagePolicy"), path["terminationMessagePolicy"],
      ["File", "FallbackToLogsOnError"])
    containerPorts(container.list(at: "ports"), path["ports"])
    environment(container.list(at: "env"), path["env"])
    environmentSources(container.list(at: "envFrom"), path["envFrom"])
    volumeMounts(container, path["volumeMounts"], context)
    volumeDevices(container, path["volumeDevices"], context)
    choice(
      container.text(at: "imagePullPolicy"), path["imagePullPolicy"], ["Always", "IfNotPresent", "Never"])
    resourceRequirements(container["resources"] ?? .null, path["resources"], context)
    resizePolicy(container.list(at: "resizePolicy"), path["resizePolicy"], context)
    containerSecurityContext(
      container.member(at: "securityContext"), path["securityContext"], usesHostUsers: context.usesHostUsers)
  }

  private mutating func lifecycleAndProbes(_ container: JSON, _ path: FieldPath, _ context: ContainerContext)
  {
    if let lifecycle = container.member(at: "lifecycle") {
      self.lifecycle(lifecycle, path["lifecycle"], context)
    }
    probe(container.member(at: "livenessProbe"), path["livenessProbe"], .liveness, context)
    probe(container.member(at: "readinessProbe"), path["readinessProbe"], .readiness, context)
    probe(container.member(at: "startupProbe"), path["startupProbe"], .startup, context)
  }

  private mutating func containerPorts(_ ports: [JSON], _ path: FieldPath) {
    var names: Set<String> = []
    for (index, port) in ports.enumerated() {
      let path = path[index]
      let name = port.text(at: "name")
      if !name.isEmpty {
        let problems = ValueFormats.portName(name)
        if !problems.isEmpty {
          invalid(path["name"], name, problems)
        } else if !names.insert(name).inserted {
          duplicate(path["name"], name)
        }
      }
      let containerPort = port.integer(at: "containerPort")
      if containerPort == 0 {
        required(path["containerPort"])
      } else {
        self.port(containerPort, path["containerPort"])
      }
      let hostPort = port.integer(at: "hostPort")
      if hostPort != 0 { self.port(hostPort, path["hostPort"]) }
      choice(port.text(at: "protocol"), path["protocol"], supportedProtocols)
    }
  }

  private mutating func hostPortConflicts(_ containers: [JSON], _ path: FieldPath) {
    var taken: Set<String> = []
    for (index, container) in containers.enumerated() {
      for (place, port) in container.list(at: "ports").enumerated() where port.integer(at: "hostPort") != 0 {
        let text =
          port.text(at: "protocol") + "/" + port.text(at: "hostIP") + "/"
          + String(port.integer(at: "hostPort"))
        if !taken.insert(text).inserted { duplicate(path[index]["ports"][place]["hostPort"], text) }
      }
    }
  }

  private mutating func containerRestartPolicy(_ container: JSON, _ path: FieldPath) {
    let policy = container.optionalText(at: "restartPolicy")
    let rules = container.list(at: "restartPolicyRules")
    if policy == nil, !rules.isEmpty {
      required(path["restartPolicy"], "must specify restartPolicy when restart rules are used")
    }
    if let policy, !["Always", "Never", "OnFailure"].contains(policy) {
      notSupported(path["restartPolicy"], policy, ["Always", "Never", "OnFailure"])
    }
    if rules.count > 20 { tooMany(path["restartPolicyRules"], rules.count, 20) }
    for (index, rule) in rules.enumerated() {
      let path = path["restartPolicyRules"][index]
      let action = rule.text(at: "action")
      let actions = ["Restart", "RestartAllContainers"]
      if !actions.contains(action) { notSupported(path["action"], action, actions) }
      guard let codes = rule.member(at: "exitCodes") else {
        required(path["exitCodes"], "must be specified")
        continue
      }
      let operation = codes.text(at: "operator")
      if !["In", "NotIn"].contains(operation) {
        notSupported(path["exitCodes"]["operator"], operation, ["In", "NotIn"])
      }
      let count = codes.list(at: "values").count
      if count > 255 { tooMany(path["exitCodes"]["values"], count, 255) }
    }
  }

  private mutating func resizePolicy(_ policies: [JSON], _ path: FieldPath, _ context: ContainerContext) {
    var resources: Set<String> = []
    for (index, policy) in policies.enumerated() {
      let resource = policy.text(at: "resourceName")
      if !resources.insert(resource).inserted { duplicate(path[index], resource) }
      choice(resource, path, ["cpu", "memory"])
      let restart = policy.text(at: "restartPolicy")
      choice(restart, path, ["NotRequired", "RestartContainer"])
      if context.restartPolicy == "Never", restart != "NotRequired" {
        invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")
      }
    }
  }
}

/// In the order of messages.
let supportedProtocols = ["SCTP", "TCP", "UDP"]
