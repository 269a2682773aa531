import SwiftProtobuf

extension ImageReference {
  var message: Runtime_V1_ImageSpec {
    .with {
      $0.image = image
      $0.userSpecifiedImage = userSpecified
      $0.runtimeHandler = runtimeHandler
      $0.annotations = annotations
    }
  }

  init(_ message: Runtime_V1_ImageSpec) {
    self.init(
      message.image, userSpecified: message.userSpecifiedImage, runtimeHandler: message.runtimeHandler,
      annotations: message.annotations)
  }
}

extension Image {
  init(_ message: Runtime_V1_Image) {
    self.init(
      id: message.id, tags: message.repoTags, digests: message.repoDigests, size: message.size,
      uid: message.hasUid ? message.uid.value : nil, username: message.username, isPinned: message.pinned)
  }
}

extension RegistryCredentials {
  var message: Runtime_V1_AuthConfig {
    .with {
      $0.username = username
      $0.password = password
      $0.auth = auth
      $0.serverAddress = serverAddress
      $0.identityToken = identityToken
      $0.registryToken = registryToken
    }
  }
}

extension FilesystemUsage {
  init(_ message: Runtime_V1_FilesystemUsage) {
    self.init(
      timestamp: message.timestamp, mountpoint: message.fsID.mountpoint,
      usedBytes: message.hasUsedBytes ? message.usedBytes.value : nil,
      usedInodes: message.hasInodesUsed ? message.inodesUsed.value : nil)
  }
}
