/// How an image is named (CRI: ImageSpec).
public struct ImageReference: Sendable, Hashable {
  /// A name with tag or digest, or an image id.
  public var image: String
  /// The image as the pod's author wrote it; empty if that is `image`.
  public var userSpecified: String
  /// The handler whose images are meant; empty is the default.
  public var runtimeHandler: String
  /// Passed on to the runtime.
  public var annotations: [String: String]

  /// A reference.
  public init(
    _ image: String, userSpecified: String = "", runtimeHandler: String = "",
    annotations: [String: String] = [:]
  ) {
    self.image = image
    self.userSpecified = userSpecified
    self.runtimeHandler = runtimeHandler
    self.annotations = annotations
  }
}

/// An image that is present (CRI: Image).
public struct Image: Sendable, Hashable {
  /// The id: the digest of its configuration.
  public var id: String
  /// Names with tags.
  public var tags: [String]
  /// Names with digests.
  public var digests: [String]
  /// Bytes on disk.
  public var size: UInt64
  /// The user it runs as, by number; nil when it is a name or not set.
  public var uid: Int64?
  /// The user it runs as, by name; empty when it is a number or not set.
  public var username: String
  /// It is not to be collected.
  public var isPinned: Bool

  /// An image.
  public init(
    id: String, tags: [String] = [], digests: [String] = [], size: UInt64 = 0, uid: Int64? = nil,
    username: String = "", isPinned: Bool = false
  ) {
    self.id = id
    self.tags = tags
    self.digests = digests
    self.size = size
    self.uid = uid
    self.username = username
    self.isPinned = isPinned
  }
}

/// What a registry wants to know of who pulls (CRI: AuthConfig). Never shown by `description`.
public struct RegistryCredentials: Sendable, Hashable, CustomStringConvertible {
  /// The user.
  public var username: String
  /// The password.
  public var password: String
  /// Both, as a base64 text; used when they are empty.
  public var auth: String
  /// The registry that these are for.
  public var serverAddress: String
  /// Exchanged for a token at the registry.
  public var identityToken: String
  /// Sent to the registry as it is.
  public var registryToken: String

  /// Credentials.
  public init(
    username: String = "", password: String = "", auth: String = "", serverAddress: String = "",
    identityToken: String = "", registryToken: String = ""
  ) {
    self.username = username
    self.password = password
    self.auth = auth
    self.serverAddress = serverAddress
    self.identityToken = identityToken
    self.registryToken = registryToken
  }

  /// The registry only.
  public var description: String { "credentials for \(serverAddress)" }
}
