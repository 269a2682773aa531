public import Exchange
public import Objects

/// A write that is about to be done, as admission sees it.
public struct AdmissionRequest: Sendable {
  /// What is done. The raw value is the name that webhooks are told.
  public enum Operation: String, Sendable, Hashable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// What is done.
  public var operation: Operation
  /// The resource whose object is written.
  public var resource: Resource
  /// Such as `status`; empty for the object itself.
  public var subresource: String
  /// Empty for cluster scope.
  public var namespace: String
  /// Empty while a name is still to be generated, and for the deletion of a collection.
  public var name: String
  /// What is to be stored, decoded and defaulted; nil for a deletion. Of a subresource with a kind of its own (Binding,
  /// Eviction, Scale, TokenRequest) it is of that kind.
  public var object: JSON?
  /// What is stored; nil for a creation.
  public var old: JSON?
  /// `CreateOptions`, `UpdateOptions`, `PatchOptions` or `DeleteOptions`.
  public var options: JSON?
  /// Who asks.
  public var user: UserInfo
  /// Whether nothing will be stored: then nothing may be done elsewhere either.
  public var dryRun: Bool

  /// A write.
  public init(
    operation: Operation, resource: Resource, subresource: String = "", namespace: String = "",
    name: String = "", object: JSON? = nil, old: JSON? = nil, options: JSON? = nil, user: UserInfo,
    dryRun: Bool = false
  ) {
    self.operation = operation
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
    self.object = object
    self.old = old
    self.options = options
    self.user = user
    self.dryRun = dryRun
  }
}

/// A rule about writes that is none of the kind's own: it may change what is written, or refuse it.
public protocol AdmissionPlugin: Sendable {
  /// Such as `LimitRanger`.
  var name: String { get }

  /// Whether the plug-in wants to see such writes. Asked for every write: it must be cheap.
  func handles(_ request: AdmissionRequest) -> Bool

  /// May change `request.object`. Called before the kind's own rules, and again when a write has to be tried anew.
  func admit(_ request: inout AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError)

  /// May refuse the write. Called with the object as it is to be stored, which the kind's own rules have let pass.
  func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError)
}

extension AdmissionPlugin {
  /// Changes nothing.
  public func admit(_ request: inout AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError)
  {}

  /// Lets pass.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {}
}

/// The other objects that there are, for admission to look at.
public protocol ObjectSource: Sendable {
  /// An object as it is now; nil if there is none. `namespace` is empty for cluster scope.
  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON?

  /// All objects of a resource, or those of a namespace.
  func list(_ resource: Resource, namespace: String?) async throws(StatusError) -> [JSON]
}
