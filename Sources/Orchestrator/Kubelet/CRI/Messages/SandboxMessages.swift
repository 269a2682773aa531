import SwiftProtobuf

extension PodSandboxMetadata {
  var message: Runtime_V1_PodSandboxMetadata {
    .with {
      $0.name = name
      $0.uid = uid
      $0.namespace = namespace
      $0.attempt = attempt
    }
  }

  init(_ message: Runtime_V1_PodSandboxMetadata) {
    self.init(name: message.name, uid: message.uid, namespace: message.namespace, attempt: message.attempt)
  }
}

extension DNSConfig {
  var message: Runtime_V1_DNSConfig {
    .with {
      $0.servers = servers
      $0.searches = searches
      $0.options = options
    }
  }
}

extension PortMapping {
  var message: Runtime_V1_PortMapping {
    .with {
      switch transport {
      case .tcp: $0.protocol = .tcp
      case .udp: $0.protocol = .udp
      case .sctp: $0.protocol = .sctp
      }
      $0.containerPort = containerPort
      $0.hostPort = hostPort
      $0.hostIp = hostIP
    }
  }
}

extension LinuxSandboxConfig {
  var message: Runtime_V1_LinuxPodSandboxConfig {
    .with {
      $0.cgroupParent = cgroupParent
      $0.securityContext = security.message
      $0.sysctls = sysctls
      if let overhead { $0.overhead = overhead.message }
      if let resources { $0.resources = resources.message }
    }
  }
}

extension PodSandboxConfig {
  var message: Runtime_V1_PodSandboxConfig {
    .with {
      $0.metadata = metadata.message
      $0.hostname = hostname
      $0.logDirectory = logDirectory
      if let dns { $0.dnsConfig = dns.message }
      $0.portMappings = portMappings.map(\.message)
      $0.labels = labels
      $0.annotations = annotations
      $0.linux = linux.message
    }
  }
}

extension SandboxState {
  var message: Runtime_V1_PodSandboxState {
    switch self {
    case .ready: .sandboxReady
    case .notReady: .sandboxNotready
    }
  }

  init(_ message: Runtime_V1_PodSandboxState) {
    // A state of the future is no state to put containers into.
    self = message == .sandboxReady ? .ready : .notReady
  }
}

extension PodSandboxFilter {
  var message: Runtime_V1_PodSandboxFilter {
    .with {
      $0.id = id
      if let state { $0.state.state = state.message }
      $0.labelSelector = labels
    }
  }

  var statsMessage: Runtime_V1_PodSandboxStatsFilter {
    .with {
      $0.id = id
      $0.labelSelector = labels
    }
  }
}

extension PodSandbox {
  init(_ message: Runtime_V1_PodSandbox) {
    self.init(
      id: message.id, metadata: PodSandboxMetadata(message.metadata), state: SandboxState(message.state),
      createdAt: message.createdAt, labels: message.labels, annotations: message.annotations,
      runtimeHandler: message.runtimeHandler)
  }
}

extension PodSandboxStatus {
  init(_ message: Runtime_V1_PodSandboxStatus) {
    let addresses = [message.network.ip] + message.network.additionalIps.map(\.ip)
    self.init(
      sandbox: PodSandbox(
        id: message.id, metadata: PodSandboxMetadata(message.metadata), state: SandboxState(message.state),
        createdAt: message.createdAt, labels: message.labels, annotations: message.annotations,
        runtimeHandler: message.runtimeHandler),
      addresses: addresses.filter { !$0.isEmpty },
      namespaces: NamespaceOptions(message.linux.namespaces.options))
  }
}
