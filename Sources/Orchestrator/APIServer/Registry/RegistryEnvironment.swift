public import Exchange
public import Objects

/// What a registry needs from outside: the time, what is random, and how much it does at most.
public struct RegistryEnvironment: Sendable {
  /// The time.
  public var now: @Sendable () -> Timestamp
  /// A new UUID in lower case.
  public var uid: @Sendable () -> String
  /// Five random characters for the end of a generated name, of `bcdfghjklmnpqrstvwxz2456789`.
  public var nameSuffix: @Sendable () -> String
  /// How much at most.
  public var limits: RegistryLimits

  /// An environment with its sources of time and chance.
  public init(
    now: @escaping @Sendable () -> Timestamp, uid: @escaping @Sendable () -> String,
    nameSuffix: @escaping @Sendable () -> String, limits: RegistryLimits = RegistryLimits()
  ) {
    self.now = now
    self.uid = uid
    self.nameSuffix = nameSuffix
    self.limits = limits
  }
}

/// What a registry does at most.
public struct RegistryLimits: Sendable, Hashable {
  /// How often a generated name is tried when it is taken.
  public var generatedNames = 8
  /// How often a write is tried; each time somebody else's write to the same object was stored instead. Of as many
  /// writers at a time every one gets its turn.
  public var writeAttempts = 256
  /// How many objects of a collection are deleted at a time.
  public var parallelDeletions = 8
  /// How long events are kept.
  public var eventSeconds: Int64 = 3600
  /// How many objects of a collection are read at a time.
  public var page = 500

  /// The usual limits.
  public init() {}
}

/// Whether users may do what a request implies beyond what its path says.
public protocol WriteAuthorizing: Sendable {
  /// Whether the user may; if not, why.
  func mayWrite(
    _ user: UserInfo, verb: String, resource: Resource, subresource: String, namespace: String, name: String
  ) async -> (isAllowed: Bool, reason: String)
}

/// Makes tokens for service accounts.
public protocol TokenIssuer: Sendable {
  /// The `TokenRequest` with its token and when that ends.
  /// - Parameters:
  ///   - serviceAccount: as it is stored.
  ///   - request: decoded, with defaults: an `authentication.k8s.io/v1` `TokenRequest`.
  ///   - bound: what `spec.boundObjectRef` names.
  func issue(serviceAccount: JSON, request: JSON, bound: BoundObject?) async throws(StatusError) -> JSON
}

/// The object with which a token ends.
public struct BoundObject: Sendable {
  /// `Pod`, `Secret` or `Node`.
  public var kind: String
  /// As it is stored.
  public var object: JSON
  /// The node of a pod, if it is there.
  public var node: JSON?

  /// An object, and the node of a pod.
  public init(kind: String, object: JSON, node: JSON? = nil) {
    self.kind = kind
    self.object = object
    self.node = node
  }
}

/// The way to what runs on nodes: `pods/log`, `pods/exec`, `pods/attach`, `pods/portforward` and all `proxy`.
public protocol NodeConnector: Sendable {
  /// Carries a request on and answers with what comes back.
  /// - Parameters:
  ///   - target: of a `proxy` request, with a name that may have a scheme and a port (`ProxiedName`).
  ///   - object: what the target names, as it is stored; its node is yet to be looked up.
  func connect(_ target: Target, object: JSON, request: APIRequest, objects: any ObjectSource)
    async throws(StatusError) -> APIResponse
}
