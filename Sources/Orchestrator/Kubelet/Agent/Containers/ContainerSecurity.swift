import ContainerRuntime
import Objects

/// Who containers run as and what they may do: the pod's security context with the container's over it.
struct ContainerSecurity: Sendable {
  private static let maskedPaths = [
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
  ]
  private static let readOnlyPaths = [
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
  ]

  let pod: JSON
  let settings: NodeSettings

  private var podContext: JSON { pod["spec", "securityContext"] ?? .object([:]) }

  private func field(_ name: String, _ spec: ContainerSpec) -> JSON? {
    spec.json["securityContext", name] ?? podContext[name]
  }

  /// The namespaces that the pod's containers share.
  var namespaces: NamespaceOptions {
    let spec = pod["spec"] ?? .object([:])
    var pid = NamespaceMode.container
    if spec["hostPID"]?.boolean == true {
      pid = .node
    } else if spec["shareProcessNamespace"]?.boolean == true {
      pid = .pod
    }
    return NamespaceOptions(
      network: pod.usesHostNetwork ? .node : .pod, pid: pid,
      ipc: spec["hostIPC"]?.boolean == true ? .node : .pod)
  }

  private var groups: [Int64] {
    let groups = (podContext["supplementalGroups"]?.array ?? []).compactMap(\.integer)
    return groups + [podContext["fsGroup"]?.integer].compactMap { $0 }
  }

  private var hasStrictGroups: Bool { podContext["supplementalGroupsPolicy"]?.string == "Strict" }

  /// The sandbox's.
  var sandbox: LinuxSandboxSecurityContext {
    let all = pod.initContainers + pod.appContainers
    let isPrivileged = all.contains { $0.json["securityContext", "privileged"]?.boolean == true }
    return LinuxSandboxSecurityContext(
      namespaces: namespaces, seLinux: Self.seLinux(podContext["seLinuxOptions"]),
      runAsUser: podContext["runAsUser"]?.integer, runAsGroup: podContext["runAsGroup"]?.integer,
      supplementalGroups: groups, hasStrictSupplementalGroups: hasStrictGroups, isPrivileged: isPrivileged,
      seccomp: .runtimeDefault)
  }

  /// A container's.
  ///
  /// - Parameter target: the id of the container that an ephemeral one looks into.
  func context(
    _ spec: ContainerSpec, image: Image, target: String
  ) throws(ContainerConfigError) -> LinuxSecurityContext {
    try checkUser(spec, image)
    let own = spec.json["securityContext"] ?? .object([:])
    let isPrivileged = own["privileged"]?.boolean == true
    var context = LinuxSecurityContext(isPrivileged: isPrivileged, namespaces: namespaces)
    if !target.isEmpty {
      context.namespaces.pid = .target
      context.namespaces.targetID = target
    }
    context.addedCapabilities = Self.names(own["capabilities", "add"])
    context.droppedCapabilities = Self.names(own["capabilities", "drop"])
    context.seLinux = Self.seLinux(field("seLinuxOptions", spec))
    context.runAsUser = field("runAsUser", spec)?.integer
    context.runAsGroup = field("runAsGroup", spec)?.integer
    if context.runAsUser == nil {
      if let uid = image.uid { context.runAsUser = uid } else { context.runAsUsername = image.username }
    }
    // The runtime refuses a group without a user: an image without one runs as root.
    if context.runAsGroup != nil, context.runAsUser == nil, context.runAsUsername.isEmpty {
      context.runAsUser = 0
    }
    context.hasReadOnlyRoot = own["readOnlyRootFilesystem"]?.boolean == true
    context.supplementalGroups = groups
    context.hasStrictSupplementalGroups = hasStrictGroups
    context.forbidsNewPrivileges = own["allowPrivilegeEscalation"]?.boolean == false
    if !isPrivileged, own["procMount"]?.string != "Unmasked" {
      context.maskedPaths = Self.maskedPaths
      context.readOnlyPaths = Self.readOnlyPaths
    }
    context.seccomp =
      isPrivileged ? .unconfined : profile(field("seccompProfile", spec), folder: "seccomp/") ?? .unconfined
    context.appArmor = profile(field("appArmorProfile", spec), folder: nil)
    return context
  }

  /// `runAsNonRoot`.
  private func checkUser(_ spec: ContainerSpec, _ image: Image) throws(ContainerConfigError) {
    guard field("runAsNonRoot", spec)?.boolean == true else { return }
    let place = "(pod: \"\(pod.podText)\", container: \(spec.name))"
    if let user = field("runAsUser", spec)?.integer {
      if user == 0 {
        throw ContainerConfigError("container's runAsUser breaks non-root policy \(place)")
      }
      return
    }
    if image.uid == nil, !image.username.isEmpty {
      throw ContainerConfigError(
        "container has runAsNonRoot and image has non-numeric user (\(image.username)), "
          + "cannot verify user is non-root \(place)")
    }
    if (image.uid ?? 0) == 0 {
      throw ContainerConfigError("container has runAsNonRoot and image will run as root \(place)")
    }
  }

  private func profile(_ profile: JSON?, folder: String?) -> SecurityProfile? {
    let name = profile?["localhostProfile"]?.string ?? ""
    switch profile?["type"]?.string {
    case "RuntimeDefault": return .runtimeDefault
    case "Unconfined": return .unconfined
    case "Localhost": return .localhost(folder.map { "\(settings.rootDirectory)/\($0)\(name)" } ?? name)
    default: return nil
    }
  }

  private static func names(_ list: JSON?) -> [String] { (list?.array ?? []).compactMap(\.string) }

  private static func seLinux(_ options: JSON?) -> SELinuxOptions? {
    guard let options else { return nil }
    return SELinuxOptions(
      user: options["user"]?.string ?? "", role: options["role"]?.string ?? "",
      type: options["type"]?.string ?? "", level: options["level"]?.string ?? "")
  }
}
