import FoundationEssentials
import SwiftProtobuf

extension ContainerMetadata {
  var message: Runtime_V1_ContainerMetadata {
    .with {
      $0.name = name
      $0.attempt = attempt
    }
  }

  init(_ message: Runtime_V1_ContainerMetadata) {
    self.init(name: message.name, attempt: message.attempt)
  }
}

extension Mount {
  var message: Runtime_V1_Mount {
    .with {
      $0.containerPath = containerPath
      $0.hostPath = hostPath
      $0.readonly = isReadOnly
      $0.recursiveReadOnly = isRecursivelyReadOnly
      $0.selinuxRelabel = relabelsSELinux
      switch propagation {
      case .private: $0.propagation = .propagationPrivate
      case .hostToContainer: $0.propagation = .propagationHostToContainer
      case .bidirectional: $0.propagation = .propagationBidirectional
      }
      if let user {
        $0.uidMappings = user.uids.map(\.message)
        $0.gidMappings = user.gids.map(\.message)
      }
    }
  }

  init(_ message: Runtime_V1_Mount) {
    let propagation: Propagation =
      switch message.propagation {
      case .propagationPrivate, .UNRECOGNIZED: .private
      case .propagationHostToContainer: .hostToContainer
      case .propagationBidirectional: .bidirectional
      }
    let hasUser = !message.uidMappings.isEmpty || !message.gidMappings.isEmpty
    self.init(
      containerPath: message.containerPath, hostPath: message.hostPath, isReadOnly: message.readonly,
      isRecursivelyReadOnly: message.recursiveReadOnly, relabelsSELinux: message.selinuxRelabel,
      propagation: propagation,
      user: hasUser
        ? UserNamespace(
          uids: message.uidMappings.map { IDMapping($0) }, gids: message.gidMappings.map { IDMapping($0) })
        : nil)
  }
}

extension ContainerConfig {
  var message: Runtime_V1_ContainerConfig {
    .with {
      $0.metadata = metadata.message
      $0.image = image.message
      $0.command = command
      $0.args = arguments
      $0.workingDir = workingDirectory
      $0.envs = environment.map { variable in
        .with {
          $0.key = variable.name
          $0.value = variable.value
        }
      }
      $0.mounts = mounts.map(\.message)
      $0.devices = devices.map { device in
        .with {
          $0.containerPath = device.containerPath
          $0.hostPath = device.hostPath
          $0.permissions = device.permissions
        }
      }
      $0.cdiDevices = cdiDevices.map { name in .with { $0.name = name } }
      $0.labels = labels
      $0.annotations = annotations
      $0.logPath = logPath
      $0.stdin = stdin
      $0.stdinOnce = stdinOnce
      $0.tty = tty
      $0.linux.resources = resources.message
      $0.linux.securityContext = security.message
      $0.stopSignal = StopSignal.number(stopSignal)
    }
  }
}

extension ContainerState {
  var message: Runtime_V1_ContainerState {
    switch self {
    case .created: .containerCreated
    case .running: .containerRunning
    case .exited: .containerExited
    case .unknown: .containerUnknown
    }
  }

  init(_ message: Runtime_V1_ContainerState) {
    self =
      switch message {
      case .containerCreated: .created
      case .containerRunning: .running
      case .containerExited: .exited
      case .containerUnknown, .UNRECOGNIZED: .unknown
      }
  }
}

extension ContainerFilter {
  var message: Runtime_V1_ContainerFilter {
    .with {
      $0.id = id
      if let state { $0.state.state = state.message }
      $0.podSandboxID = sandboxID
      $0.labelSelector = labels
    }
  }

  var statsMessage: Runtime_V1_ContainerStatsFilter {
    .with {
      $0.id = id
      $0.podSandboxID = sandboxID
      $0.labelSelector = labels
    }
  }
}

extension Container {
  init(_ message: Runtime_V1_Container) {
    self.init(
      id: message.id, sandboxID: message.podSandboxID, metadata: ContainerMetadata(message.metadata),
      image: ImageReference(message.image), imageReference: message.imageRef,
      imageID: message.imageID.isEmpty ? message.imageRef : message.imageID,
      state: ContainerState(message.state), createdAt: message.createdAt, labels: message.labels,
      annotations: message.annotations)
  }
}

extension ContainerStatus {
  init(_ message: Runtime_V1_ContainerStatus) {
    self.init(
      id: message.id, metadata: ContainerMetadata(message.metadata), state: ContainerState(message.state),
      createdAt: message.createdAt, startedAt: message.startedAt, finishedAt: message.finishedAt,
      exitCode: message.exitCode, image: ImageReference(message.image), imageReference: message.imageRef,
      imageID: message.imageID.isEmpty ? message.imageRef : message.imageID,
      reason: message.reason, message: message.message, labels: message.labels,
      annotations: message.annotations, mounts: message.mounts.map { Mount($0) }, logPath: message.logPath,
      resources: message.hasResources && message.resources.hasLinux
        ? LinuxResources(message.resources.linux) : nil)
  }
}

extension ExecResult {
  init(_ message: Runtime_V1_ExecSyncResponse) {
    self.init(
      standardOutput: Array(message.stdout), standardError: Array(message.stderr), exitCode: message.exitCode)
  }
}

extension ContainerEvent {
  /// Nil for a kind of the future.
  init?(_ message: Runtime_V1_ContainerEventResponse) {
    let kind: Kind
    switch message.containerEventType {
    case .containerCreatedEvent: kind = .created
    case .containerStartedEvent: kind = .started
    case .containerStoppedEvent: kind = .stopped
    case .containerDeletedEvent: kind = .deleted
    case .UNRECOGNIZED: return nil
    }
    self.init(
      containerID: message.containerID, kind: kind, createdAt: message.createdAt,
      sandbox: message.hasPodSandboxStatus ? PodSandboxStatus(message.podSandboxStatus) : nil,
      containers: message.containersStatuses.map { ContainerStatus($0) })
  }
}
