// The rules for security contexts of pods and containers.
extension Checker {
  mutating func podSecurityContext(_ spec: JSON, _ path: FieldPath) {
    let context = spec["securityContext"] ?? .null
    for field in ["fsGroup", "runAsUser", "runAsGroup"] { userNumber(context, field, path) }
    for (index, group) in context.list(at: "supplementalGroups").enumerated() {
      guard let number = group.integer, let problem = ValueFormats.userNumber(number) else { continue }
      invalid(path["supplementalGroups"][index], number, problem)
    }
    if spec.flag(at: "shareProcessNamespace"), spec.flag(at: "hostPID") {
      invalid(
        path["shareProcessNamespace"], true, "ShareProcessNamespace and HostPID cannot both be enabled")
    }
    sysctls(context.list(at: "sysctls"), spec, path["sysctls"])
    optionalChoice(context["fsGroupChangePolicy"], path["fsGroupChangePolicy"], ["Always", "OnRootMismatch"])
    seccompProfile(context.member(at: "seccompProfile"), path["seccompProfile"])
    windowsOptions(context.member(at: "windowsOptions"), path["windowsOptions"])
    appArmorProfile(context.member(at: "appArmorProfile"), path["appArmorProfile"])
    optionalChoice(
      context["supplementalGroupsPolicy"], path["supplementalGroupsPolicy"], ["Merge", "Strict"])
    optionalChoice(context["seLinuxChangePolicy"], path["seLinuxChangePolicy"], ["MountOption", "Recursive"])
  }

  mutating func containerSecurityContext(_ context: JSON?, _ path: FieldPath, usesHostUsers: Bool) {
    guard let context else { return }
    for field in ["runAsUser", "runAsGroup"] { userNumber(context, field, path) }
    if let mount = context.optionalText(at: "procMount") {
      if !["Default", "Unmasked"].contains(mount) {
        notSupported(path["procMount"], mount, ["Default", "Unmasked"])
      }
      if usesHostUsers, mount == "Unmasked" {
        invalid(path["procMount"], mount, "`hostUsers` must be false to use `Unmasked`")
      }
    }
    seccompProfile(context.member(at: "seccompProfile"), path["seccompProfile"])
    if context.optionalFlag(at: "allowPrivilegeEscalation") == false {
      let shown = GoForm.value(context, as: "SecurityContext").compact
      if context.flag(at: "privileged") {
        invalid(path, shown: shown, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
      }
      for capability in (context["capabilities"] ?? .null).texts(at: "add")
      where capability == "CAP_SYS_ADMIN" {
        invalid(
          path, shown: shown,
          "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
      }
    }
    windowsOptions(context.member(at: "windowsOptions"), path["windowsOptions"])
    appArmorProfile(context.member(at: "appArmorProfile"), path["appArmorProfile"])
  }

  private mutating func userNumber(_ context: JSON, _ field: String, _ path: FieldPath) {
    guard let number = context.optionalInteger(at: field), let problem = ValueFormats.userNumber(number)
    else { return }
    invalid(path[field], number, problem)
  }

  private mutating func sysctls(_ sysctls: [JSON], _ spec: JSON, _ path: FieldPath) {
    var names: Set<String> = []
    for (index, sysctl) in sysctls.enumerated() {
      let path = path[index]["name"]
      let name = sysctl.text(at: "name")
      if name.isEmpty {
        required(path)
      } else if !Self.isSysctlName(name) {
        let segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
        invalid(
          path, name, "must have at most 253 characters and match regex ^(\(segment)[\\./])*\(segment)$")
      } else if names.contains(name) {
        duplicate(path, name)
      }
      let dotted = String(name.map { $0 == "/" ? "." : $0 })
      if spec.flag(at: "hostNetwork"), dotted.hasPrefix("net.") {
        invalid(path, name, "may not be specified when 'hostNetwork' is true")
      }
      let isInterProcess =
        ["kernel.sem", "kernel.shm_rmid_forced"].contains(dotted)
        || ["kernel.shm", "kernel.msg", "fs.mqueue."].contains(where: dotted.hasPrefix)
      if spec.flag(at: "hostIPC"), isInterProcess {
        invalid(path, name, "may not be specified when 'hostIPC' is true")
      }
      names.insert(name)
    }
  }

  private static func isSysctlName(_ name: String) -> Bool {
    guard name.utf8.count <= 253 else { return false }
    let isLower = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    return name.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }.allSatisfy { segment in
      guard let first = segment.utf8.first, let last = segment.utf8.last else { return false }
      return isLower(first) && isLower(last)
        && segment.utf8.allSatisfy { isLower($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
  }

  private mutating func seccompProfile(_ profile: JSON?, _ path: FieldPath) {
    guard let profile else { return }
    let type = profile.text(at: "type")
    let types = ["Localhost", "RuntimeDefault", "Unconfined"]
    if type.isEmpty {
      required(path["type"], "type is required when seccompProfile is set")
    } else if !types.contains(type) {
      notSupported(path["type"], type, types)
    }
    let file = profile.optionalText(at: "localhostProfile")
    if type == "Localhost" {
      if let file {
        localPath(file, path["localhostProfile"])
      } else {
        required(path["localhostProfile"], "must be set when seccomp type is Localhost")
      }
    } else if file != nil {
      invalid(
        path["localhostProfile"], shown: GoForm.value(profile, as: "SeccompProfile").compact,
        "can only be set when seccomp type is Localhost")
    }
  }

  private mutating func appArmorProfile(_ profile: JSON?, _ path: FieldPath) {
    guard let profile else { return }
    let type = profile.text(at: "type")
    let name = profile.optionalText(at: "localhostProfile")
    let namePath = path["localhostProfile"]
    switch type {
    case "Localhost":
      guard let name else { return required(namePath, "must be set when AppArmor type is Localhost") }
      if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
        invalid(namePath, name, "must not be padded with whitespace")
      } else if name.isEmpty {
        required(namePath, "must be set when AppArmor type is Localhost")
      }
      if name.utf8.count > 4_095 { tooLong(namePath, 4_095) }
    case "RuntimeDefault", "Unconfined":
      if let name { invalid(namePath, name, "can only be set when AppArmor type is Localhost") }
    case "": required(path["type"], "type is required when appArmorProfile is set")
    default: notSupported(path["type"], type, ["Localhost", "RuntimeDefault", "Unconfined"])
    }
  }

  private mutating func windowsOptions(_ options: JSON?, _ path: FieldPath) {
    guard let options else { return }
    if let name = options.optionalText(at: "gmsaCredentialSpecName") {
      subdomain(name, path["gmsaCredentialSpecName"])
    }
    if let credentials = options.optionalText(at: "gmsaCredentialSpec") {
      if credentials.isEmpty {
        invalid(path["gmsaCredentialSpec"], "", "gmsaCredentialSpec cannot be an empty string")
      } else if credentials.utf8.count > 64 * 1024 {
        invalid(path["gmsaCredentialSpec"], credentials, "gmsaCredentialSpec size must be under 64 KiB")
      }
    }
    guard let user = options.optionalText(at: "runAsUserName") else { return }
    for problem in Self.windowsUserProblems(user) { invalid(path["runAsUserName"], user, problem) }
  }

  private static func windowsUserProblems(_ name: String) -> [String] {
    if name.isEmpty { return ["runAsUserName cannot be an empty string"] }
    if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      return ["runAsUserName cannot contain control characters"]
    }
    let parts = name.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 2 { return ["runAsUserName cannot contain more than one backslash"] }
    var problems: [String] = []
    let user = parts[parts.count - 1]
    if parts.count == 2 {
      let domain = parts[0]
      if domain.utf8.count >= 256 {
        problems.append("runAsUserName's Domain length must be under 256 characters")
      }
      let isNetBIOS =
        (1...15).contains(domain.count) && !domain.hasPrefix(".")
        && !domain.contains { "\\/:*?\"<>|".contains($0) }
      let isDNS = NameFormats.isSubdomain(domain.lowercased())
      if !isNetBIOS, !isDNS {
        problems.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
      }
    }
    if user.isEmpty {
      problems.append("runAsUserName's User cannot be empty")
    } else if user.utf8.count > 104 {
      problems.append("runAsUserName's User length must not be longer than 104 characters")
    }
    if !user.isEmpty, user.allSatisfy({ $0 == "." || $0 == " " }) {
      problems.append("runAsUserName's User cannot contain only periods or spaces")
    }
    if user.contains(where: { "\"/\\:;|=,+*?<>@[]".contains($0) }) {
      problems.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    }
    return problems
  }

  mutating func hostProcesses(_ spec: JSON, _ path: FieldPath) {
    func isHostProcess(_ context: JSON?) -> Bool? { context?["windowsOptions", "hostProcess"]?.boolean }
    let ofPod = isHostProcess(spec["securityContext"])
    let containers = Self.allContainers(spec, path)
    var count = 0
    for (container, path) in containers {
      let ofContainer = isHostProcess(container["securityContext"])
      if let ofPod, let ofContainer, ofPod != ofContainer {
        invalid(
          path["securityContext"]["windowsOptions"]["hostProcess"], .boolean(ofContainer),
          "pod hostProcess value must be identical if both are specified, was \(ofPod)")
      }
      if ofContainer ?? ofPod ?? false { count += 1 }
    }
    guard count > 0 else { return }
    if count != containers.count {
      invalid(
        path, "",
        "If pod contains any hostProcess containers then all containers must be HostProcess containers")
    }
    if !spec.flag(at: "hostNetwork") {
      invalid(
        path["hostNetwork"], false, "hostNetwork must be true if pod contains any hostProcess containers")
    }
  }

  mutating func hostUsers(_ spec: JSON, _ path: FieldPath) {
    guard spec.optionalFlag(at: "hostUsers") == false else { return }
    if spec.flag(at: "hostNetwork") { forbidden(path["hostNetwork"], "when `hostUsers` is false") }
    if spec.flag(at: "hostPID") { forbidden(path["HostPID"], "when `hostUsers` is false") }
    if spec.flag(at: "hostIPC") { forbidden(path["HostIPC"], "when `hostUsers` is false") }
    for (container, path) in Self.allContainers(spec, path) where !container.list(at: "volumeDevices").isEmpty
    {
      forbidden(path["volumeDevices"], "when `hostUsers` is false")
    }
  }

  /// What must not be set for the operating system that the pod names.
  mutating func operatingSystemRules(_ spec: JSON, _ path: FieldPath, _ name: String) {
    let context = spec["securityContext"] ?? .null
    let containers = Self.allContainers(spec, path)
    switch name {
    case "": required(path["os"]["name"])
    case "linux":
      let detail = "windows options cannot be set for a linux pod"
      if context.member(at: "windowsOptions") != nil {
        forbidden(path["securityContext"]["windowsOptions"], detail)
      }
      for (container, path) in containers
      where (container["securityContext"] ?? .null).member(at: "windowsOptions") != nil {
        forbidden(path["securityContext"]["windowsOptions"], detail)
      }
    case "windows":
      let detail = "cannot be set for a windows pod"
      for field in [
        "appArmorProfile", "seLinuxOptions", "hostUsers", "hostPID", "hostIPC", "seccompProfile", "fsGroup",
        "fsGroupChangePolicy", "sysctls", "shareProcessNamespace", "runAsUser", "runAsGroup",
        "supplementalGroups",
        "supplementalGroupsPolicy", "seLinuxChangePolicy",
      ] {
        switch field {
        case "hostPID", "hostIPC": if spec.flag(at: field) { forbidden(path[field], detail) }
        case "hostUsers", "shareProcessNamespace":
          if spec.member(at: field) != nil { forbidden(path[field], detail) }
        default:
          let value = context.member(at: field)
          if field == "sysctls", value?.array?.isEmpty == true { continue }
          if value != nil { forbidden(path["securityContext"][field], detail) }
        }
      }
      let fields = [
        "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
        "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
      ]
      for (container, path) in containers {
        for field in fields where (container["securityContext"] ?? .null).member(at: field) != nil {
          forbidden(path["securityContext"][field], detail)
        }
      }
    default: notSupported(path["os"], name, ["linux", "windows"])
    }
  }
}
