/// What creating and updating an object of a kind does to it, besides defaults and validation: which fields a client
/// may not set, what the server fills in, how `metadata.generation` counts, how status and the rest are kept apart.
///
/// The order of a write is: decode, `Defaults`, admission, one of the preparations below, validate, store. All of it is
/// pure: the time, the new object's identity and the user come as parameters.
public struct Strategy: Sendable {
  /// What a write knows besides its objects.
  public struct Write: Sendable {
    /// When it happens; written with seconds.
    public var time: Timestamp
    /// Who asks.
    public var user: User

    /// A write at this time by this user.
    public init(time: Timestamp, user: User = User()) {
      self.time = time
      self.user = user
    }
  }

  /// The user that asks, as authentication found it.
  public struct User: Sendable, Hashable {
    /// The name; empty for nobody.
    public var name: String
    /// What tells users of one name apart; mostly empty.
    public var uid: String
    /// The groups, in the authenticator's order.
    public var groups: [String]
    /// What the authenticator adds, by key.
    public var extra: [String: [String]]

    /// A user; nobody without arguments.
    public init(name: String = "", uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
      self.name = name
      self.uid = uid
      self.groups = groups
      self.extra = extra
    }
  }

  typealias CreateHook = @Sendable (_ object: inout JSON, _ write: Write) -> Void
  typealias UpdateHook = @Sendable (_ object: inout JSON, _ old: JSON, _ write: Write) -> Void

  /// What `status` means for the kind.
  enum Status: Sendable {
    /// There is none, or it is a field like any other.
    case plain
    /// Only status updates set it. A new object has this one; nil for none at all.
    case separate(empty: JSON?)
    /// Who creates an object may set its status; afterwards only status updates do.
    case settableOnCreate
  }

  /// What makes `metadata.generation` count.
  enum Generation: Sendable {
    /// The server leaves it alone.
    case unused
    /// It stays at 1.
    case constant
    /// A change at one of these paths.
    case changes(of: [[String]])
    /// A change of anything but metadata and status. Labels may count too.
    case contentChanges(andLabels: Bool)
  }

  /// What of the metadata a status update may change.
  enum StatusMetadata: Sendable {
    case anything
    case anythingBut([String])
    /// Nothing but managed fields.
    case nothing
  }

  var status = Status.plain
  var generation = Generation.unused
  var statusMetadata = StatusMetadata.anything
  var onCreate: CreateHook?
  var onUpdate: UpdateHook?
  var onStatusUpdate: UpdateHook?

  /// Whether PUT on a name that does not exist creates the object.
  public internal(set) var allowsCreateOnUpdate = false
  /// Whether an update may leave out `resourceVersion` and then replaces whatever is there.
  public internal(set) var allowsUnconditionalUpdate = true
  /// Whether deletion without a propagation policy leaves the dependents, as some old kinds do.
  public internal(set) var orphansDependentsByDefault = false

  /// The strategy of a built-in kind. A kind that is not known has a plain one: metadata is kept consistent and all
  /// else is the client's.
  public static func builtIn(group: String, version: String, kind: String) -> Strategy {
    table[Key(group: group, kind: kind)]?(version) ?? Strategy()
  }

  /// The strategy of a custom resource, whose version may have a status subresource.
  public static func custom(hasStatus: Bool) -> Strategy {
    var strategy = Strategy()
    strategy.status = hasStatus ? .separate(empty: nil) : .plain
    strategy.generation = .contentChanges(andLabels: false)
    strategy.statusMetadata = .nothing
    strategy.allowsUnconditionalUpdate = false
    return strategy
  }

  /// Makes a decoded and defaulted object ready to be stored for the first time. Its name must be there, generated if
  /// need be; its identity is `uid`.
  public func prepareForCreate(_ object: inout JSON, uid: String, namespace: String? = nil, write: Write) {
    guard case .object = object else { return }
    ObjectMetadata.prepareForCreate(&object, uid: uid, namespace: namespace, time: write.time)
    switch status {
    case .plain, .settableOnCreate: break
    case .separate(let empty): object["status"] = empty
    }
    switch generation {
    case .unused: break
    default: object["metadata", "generation"] = 1
    }
    onCreate?(&object, write)
  }

  /// Makes a new version of an object ready to replace the stored one: keeps what an update may not change, and counts
  /// the generation.
  public func prepareForUpdate(_ object: inout JSON, from old: JSON, write: Write) {
    guard case .object = object else { return }
    ObjectMetadata.prepareForUpdate(&object, from: old)
    switch status {
    case .plain: break
    case .separate, .settableOnCreate: object["status"] = old["status"]
    }
    onUpdate?(&object, old, write)
    countGeneration(of: &object, from: old)
  }

  /// Makes a new status ready to be stored: all but status and, for most kinds, metadata stays as it is.
  public func prepareForStatusUpdate(_ object: inout JSON, from old: JSON, write: Write) {
    guard case .object = object else { return }
    var next = old
    next["apiVersion"] = object["apiVersion"] ?? old["apiVersion"]
    next["kind"] = object["kind"] ?? old["kind"]
    next["metadata"] = object["metadata"]
    next["status"] = object["status"] ?? emptyStatus
    switch statusMetadata {
    case .anything: break
    case .anythingBut(let fields):
      for field in fields { next["metadata", field] = old["metadata", field] }
    case .nothing: ObjectMetadata.keepAllButManagedFields(of: &next, from: old)
    }
    object = next
    ObjectMetadata.prepareForUpdate(&object, from: old)
    onStatusUpdate?(&object, old, write)
  }

  /// Counts the generation up if what it stands for has changed.
  func countGeneration(of object: inout JSON, from old: JSON) {
    let hasChanged =
      switch generation {
      case .unused, .constant: false
      case .changes(let paths): paths.contains { object[path: $0] != old[path: $0] }
      case .contentChanges(let labels):
        contentDiffers(object, old) || labels && object["metadata", "labels"] != old["metadata", "labels"]
      }
    if hasChanged { object["metadata", "generation"] = .integer(ObjectMetadata.nextGeneration(after: old)) }
  }

  private var emptyStatus: JSON? {
    if case .separate(let empty) = status { empty } else { nil }
  }

  /// Whether two objects differ in more than metadata, type and separate status.
  private func contentDiffers(_ left: JSON, _ right: JSON) -> Bool {
    var ignored = ["apiVersion", "kind", "metadata"]
    if case .separate = status { ignored.append("status") }
    func content(_ object: JSON) -> JSON {
      var content = object
      for key in ignored { content[key] = nil }
      return content
    }
    return content(left) != content(right)
  }
}

extension JSON {
  /// The member at the end of a path of keys.
  fileprivate subscript(path path: [String]) -> JSON? {
    var value = self
    for key in path {
      guard let next = value[key] else { return nil }
      value = next
    }
    return value
  }
}
