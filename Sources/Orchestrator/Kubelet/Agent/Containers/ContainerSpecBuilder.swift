public import ContainerRuntime
public import Objects

/// What the runtime is told to make of a pod.
public struct ContainerSpecBuilder: Sendable {
  private let pod: JSON
  private let settings: NodeSettings
  private let security: ContainerSecurity
  private let resources: ContainerResources

  /// For a pod on a node.
  public init(pod: JSON, settings: NodeSettings) {
    self.pod = pod
    self.settings = settings
    security = ContainerSecurity(pod: pod, settings: settings)
    resources = ContainerResources(pod: pod, settings: settings)
  }

  // MARK: The sandbox

  /// The pod's sandbox.
  public func sandbox(attempt: UInt32) -> PodSandboxConfig {
    let names = PodNames(pod: pod, settings: settings)
    var labels = Self.texts(pod["metadata", "labels"])
    labels[KubeletLabels.podName] = pod.podName
    labels[KubeletLabels.podNamespace] = pod.podNamespace
    labels[KubeletLabels.podUID] = pod.podUID
    var sysctls: [String: String] = [:]
    for sysctl in pod["spec", "securityContext", "sysctls"]?.array ?? [] {
      sysctls[sysctl["name"]?.string ?? ""] = sysctl["value"]?.string ?? ""
    }
    return PodSandboxConfig(
      metadata: PodSandboxMetadata(
        name: pod.podName, uid: pod.podUID, namespace: pod.podNamespace, attempt: attempt),
      hostname: pod.usesHostNetwork ? "" : names.hostname, logDirectory: settings.podLogDirectory(pod),
      dns: names.dns, portMappings: pod.usesHostNetwork ? [] : portMappings, labels: labels,
      annotations: Self.texts(pod["metadata", "annotations"]),
      linux: LinuxSandboxConfig(
        cgroupParent: resources.cgroupParent, security: security.sandbox, sysctls: sysctls))
  }

  private var portMappings: [PortMapping] {
    let sidecars = pod.initContainers.filter { $0.kind == .sidecar }
    return (sidecars + pod.appContainers).flatMap { $0.json["ports"]?.array ?? [] }.compactMap { port in
      guard let host = port["hostPort"]?.integer, host > 0 else { return nil }
      let transport: PortMapping.Transport =
        switch port["protocol"]?.string {
        case "UDP": .udp
        case "SCTP": .sctp
        default: .tcp
        }
      return PortMapping(
        transport: transport, containerPort: Int32(clamping: port["containerPort"]?.integer ?? 0),
        hostPort: Int32(clamping: host), hostIP: port["hostIP"]?.string ?? "")
    }
  }

  // MARK: Containers

  /// A container of the pod.
  ///
  /// - Parameters:
  ///   - image: what the runtime has under the image's name.
  ///   - reference: what the runtime is to find it by.
  ///   - mounts: of its volumes, the hosts file and the termination message.
  ///   - target: the id of the container that an ephemeral one looks into; empty if none.
  public func container(
    _ spec: ContainerSpec, attempt: UInt32, image: Image, reference: String,
    environment: ContainerEnvironment, mounts: [Mount] = [], target: String = ""
  ) throws(ContainerConfigError) -> ContainerConfig {
    let json = spec.json
    return ContainerConfig(
      metadata: ContainerMetadata(name: spec.name, attempt: attempt),
      image: ImageReference(reference, userSpecified: json["image"]?.string ?? ""),
      command: environment.command, arguments: environment.arguments,
      workingDirectory: json["workingDir"]?.string ?? "", environment: environment.variables,
      mounts: mounts,
      labels: [
        KubeletLabels.podName: pod.podName, KubeletLabels.podNamespace: pod.podNamespace,
        KubeletLabels.podUID: pod.podUID, KubeletLabels.containerName: spec.name,
      ],
      annotations: annotations(spec, attempt: attempt), logPath: "\(spec.name)/\(attempt).log",
      stdin: json["stdin"]?.boolean ?? false, stdinOnce: json["stdinOnce"]?.boolean ?? false,
      tty: json["tty"]?.boolean ?? false, resources: resources.limits(of: spec),
      security: try security.context(spec, image: image, target: target),
      stopSignal: json["lifecycle", "stopSignal"]?.string ?? "")
  }

  private func annotations(_ spec: ContainerSpec, attempt: UInt32) -> [String: String] {
    var annotations = [
      KubeletLabels.containerHash: spec.hash, KubeletLabels.restartCount: String(attempt),
      KubeletLabels.terminationMessagePath: spec.json["terminationMessagePath"]?.string ?? "",
      KubeletLabels.terminationMessagePolicy: spec.json["terminationMessagePolicy"]?.string ?? "",
    ]
    // What stops a container whose pod has gone while the kubelet was away.
    if let grace = pod["spec", "terminationGracePeriodSeconds"]?.integer {
      annotations[KubeletLabels.gracePeriod] = String(grace)
    }
    if let grace = pod["metadata", "deletionGracePeriodSeconds"]?.integer {
      annotations[KubeletLabels.deletionGracePeriod] = String(grace)
    }
    if let hook = spec.json["lifecycle", "preStop"] {
      annotations[KubeletLabels.preStopHandler] = String(decoding: hook.serialized(), as: UTF8.self)
    }
    if let ports = spec.json["ports"] {
      annotations[KubeletLabels.ports] = String(decoding: ports.serialized(), as: UTF8.self)
    }
    return annotations
  }

  private static func texts(_ map: JSON?) -> [String: String] {
    Dictionary((map?.object ?? [:]).map { ($0.key, $0.value.string ?? "") }) { $1 }
  }
}
