import SwiftProtobuf

extension Runtime_V1_Int64Value {
  init(_ value: Int64) {
    self.init()
    self.value = value
  }
}

extension NamespaceMode {
  var message: Runtime_V1_NamespaceMode {
    switch self {
    case .pod: .pod
    case .container: .container
    case .node: .node
    case .target: .target
    }
  }

  init(_ message: Runtime_V1_NamespaceMode) {
    self =
      switch message {
      case .pod, .UNRECOGNIZED: .pod
      case .container: .container
      case .node: .node
      case .target: .target
      }
  }
}

extension IDMapping {
  var message: Runtime_V1_IDMapping {
    .with {
      $0.hostID = hostID
      $0.containerID = containerID
      $0.length = length
    }
  }

  init(_ message: Runtime_V1_IDMapping) {
    self.init(hostID: message.hostID, containerID: message.containerID, length: message.length)
  }
}

extension NamespaceOptions {
  var message: Runtime_V1_NamespaceOption {
    .with {
      $0.network = network.message
      $0.pid = pid.message
      $0.ipc = ipc.message
      $0.targetID = targetID
      if let user {
        $0.usernsOptions.mode = .pod
        $0.usernsOptions.uids = user.uids.map(\.message)
        $0.usernsOptions.gids = user.gids.map(\.message)
      }
    }
  }

  init(_ message: Runtime_V1_NamespaceOption) {
    let user = message.usernsOptions
    self.init(
      network: NamespaceMode(message.network), pid: NamespaceMode(message.pid),
      ipc: NamespaceMode(message.ipc),
      targetID: message.targetID,
      user: message.hasUsernsOptions && user.mode == .pod
        ? UserNamespace(uids: user.uids.map { IDMapping($0) }, gids: user.gids.map { IDMapping($0) }) : nil)
  }
}

extension SecurityProfile {
  var message: Runtime_V1_SecurityProfile {
    .with {
      switch self {
      case .runtimeDefault: $0.profileType = .runtimeDefault
      case .unconfined: $0.profileType = .unconfined
      case .localhost(let reference):
        $0.profileType = .localhost
        $0.localhostRef = reference
      }
    }
  }
}

extension SELinuxOptions {
  var message: Runtime_V1_SELinuxOption {
    .with {
      $0.user = user
      $0.role = role
      $0.type = type
      $0.level = level
    }
  }
}

extension LinuxSandboxSecurityContext {
  var message: Runtime_V1_LinuxSandboxSecurityContext {
    .with {
      $0.namespaceOptions = namespaces.message
      if let seLinux { $0.selinuxOptions = seLinux.message }
      if let runAsUser { $0.runAsUser = Runtime_V1_Int64Value(runAsUser) }
      if let runAsGroup { $0.runAsGroup = Runtime_V1_Int64Value(runAsGroup) }
      $0.readonlyRootfs = hasReadOnlyRoot
      $0.supplementalGroups = supplementalGroups
      $0.supplementalGroupsPolicy = hasStrictSupplementalGroups ? .strict : .merge
      $0.privileged = isPrivileged
      if let seccomp { $0.seccomp = seccomp.message }
      if let appArmor { $0.apparmor = appArmor.message }
    }
  }
}

extension LinuxSecurityContext {
  var message: Runtime_V1_LinuxContainerSecurityContext {
    .with {
      if !addedCapabilities.isEmpty || !droppedCapabilities.isEmpty {
        $0.capabilities.addCapabilities = addedCapabilities
        $0.capabilities.dropCapabilities = droppedCapabilities
      }
      $0.privileged = isPrivileged
      $0.namespaceOptions = namespaces.message
      if let seLinux { $0.selinuxOptions = seLinux.message }
      if let runAsUser { $0.runAsUser = Runtime_V1_Int64Value(runAsUser) }
      if let runAsGroup { $0.runAsGroup = Runtime_V1_Int64Value(runAsGroup) }
      $0.runAsUsername = runAsUsername
      $0.readonlyRootfs = hasReadOnlyRoot
      $0.supplementalGroups = supplementalGroups
      $0.supplementalGroupsPolicy = hasStrictSupplementalGroups ? .strict : .merge
      $0.noNewPrivs = forbidsNewPrivileges
      $0.maskedPaths = maskedPaths
      $0.readonlyPaths = readOnlyPaths
      if let seccomp { $0.seccomp = seccomp.message }
      if let appArmor { $0.apparmor = appArmor.message }
    }
  }
}

extension LinuxResources {
  var message: Runtime_V1_LinuxContainerResources {
    .with {
      $0.cpuPeriod = cpuPeriod
      $0.cpuQuota = cpuQuota
      $0.cpuShares = cpuShares
      $0.memoryLimitInBytes = memoryLimitBytes
      $0.memorySwapLimitInBytes = memorySwapLimitBytes
      $0.oomScoreAdj = oomScoreAdjustment
      $0.cpusetCpus = cpusetCPUs
      $0.cpusetMems = cpusetMemoryNodes
      $0.unified = unified
      // In an order of its own, so that equal values make equal bytes.
      $0.hugepageLimits = hugepageLimits.sorted { $0.key < $1.key }.map { size, limit in
        .with {
          $0.pageSize = size
          $0.limit = limit
        }
      }
    }
  }

  init(_ message: Runtime_V1_LinuxContainerResources) {
    self.init(
      cpuPeriod: message.cpuPeriod, cpuQuota: message.cpuQuota, cpuShares: message.cpuShares,
      memoryLimitBytes: message.memoryLimitInBytes, memorySwapLimitBytes: message.memorySwapLimitInBytes,
      oomScoreAdjustment: message.oomScoreAdj, cpusetCPUs: message.cpusetCpus,
      cpusetMemoryNodes: message.cpusetMems,
      hugepageLimits: Dictionary(
        message.hugepageLimits.map { ($0.pageSize, $0.limit) }, uniquingKeysWith: { _, last in last }),
      unified: message.unified)
  }
}
