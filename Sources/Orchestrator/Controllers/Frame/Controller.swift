public import Client
public import Exchange
public import Objects

/// A part of the control plane that keeps some kind of object as its spec asks.
public protocol Controller: Sendable {
  /// Such as `replicaset-controller`; events name it as their source.
  var name: String { get }

  /// Works until the task is cancelled. The informers may not run yet.
  func run(_ context: ControllerContext) async
}

/// What controllers need of the world.
public struct ControllerContext: Sendable {
  /// The way to the API server.
  public let client: APIClient
  /// What is known of its objects, shared by all controllers.
  public let informers: InformerSet
  /// Tells users what happens.
  public let recorder: EventRecorder
  /// The time.
  public let now: @Sendable () -> Timestamp
  /// Hears of failures that the controllers will try to get over: whose, on which object, and what it was.
  public let report: @Sendable (_ controller: String, _ object: ObjectKey, _ error: StatusError) -> Void

  /// A context.
  public init(
    client: APIClient, informers: InformerSet, recorder: EventRecorder,
    now: @escaping @Sendable () -> Timestamp,
    report: @escaping @Sendable (_ controller: String, _ object: ObjectKey, _ error: StatusError) -> Void = {
      _, _, _ in
    }
  ) {
    self.client = client
    self.informers = informers
    self.recorder = recorder
    self.now = now
    self.report = report
  }
}

extension ControllerContext {
  /// Makes an object in the namespace that it names.
  func create(_ resource: Resource, _ object: JSON) async throws(StatusError) -> JSON {
    try await client.create(resource, namespace: object.namespace, object)
  }

  /// Writes an object, if it is still what was read.
  func update(_ resource: Resource, _ object: JSON) async throws(StatusError) -> JSON {
    try await client.update(resource, object)
  }

  /// Writes an object's status, if the object is still what was read.
  func updateStatus(_ resource: Resource, _ object: JSON) async throws(StatusError) -> JSON {
    try await client.updateStatus(resource, object)
  }

  /// Patches an object by the rules of its kind.
  func strategicPatch(_ resource: Resource, _ key: ObjectKey, _ patch: JSON) async throws(StatusError) -> JSON
  {
    try await client.patch(resource, namespace: key.namespace, name: key.name, kind: .strategic, patch)
  }

  /// Deletes an object, and none that has been made under its name since.
  func delete(_ resource: Resource, _ object: JSON, propagation: String? = nil) async throws(StatusError) {
    var options: JSON = [
      "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": ["uid": .string(object.uid)],
    ]
    if let propagation { options["propagationPolicy"] = .string(propagation) }
    try await client.delete(resource, namespace: object.namespace, name: object.name, options: options)
  }

  /// Tells of something that concerns an object.
  func event(
    _ object: JSON, _ resource: Resource, isWarning: Bool = false, reason: String, _ message: String
  ) {
    recorder.event(
      regarding: object, resource: resource, type: isWarning ? "Warning" : "Normal", reason: reason,
      message: message)
  }
}

/// Keys of objects that are to be looked at, and those who look.
struct ControllerQueue: Sendable {
  /// Many events about the pods of one object come together; one look is enough for all.
  static let batchPeriod = Duration.milliseconds(50)
  /// How many objects of a kind are looked at at a time.
  static let workers = 5

  let queue = WorkQueue<ObjectKey>()
  let context: ControllerContext
  /// The controller's name, for reports.
  let name: String

  init(_ context: ControllerContext, name: String) {
    self.context = context
    self.name = name
  }

  /// The object itself has changed.
  func add(_ key: ObjectKey) { queue.add(key) }

  /// Something of the object has changed.
  func addSoon(_ key: ObjectKey) { queue.addAfter(key, Self.batchPeriod) }

  /// Looks at keys until the task is cancelled. A look that fails is repeated with back-off; one that says when to
  /// look again is.
  func run(_ sync: @escaping @Sendable (ObjectKey) async throws(StatusError) -> Duration?) async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.workers {
        group.addTask {
          while let key = await queue.next() {
            do throws(StatusError) {
              let again = try await sync(key)
              queue.forget(key)
              if let again { queue.addAfter(key, again) }
            } catch {
              // Conflicts are the normal way to hear that the cache is behind.
              if !error.isConflict { context.report(name, key, error) }
              queue.addRateLimited(key)
            }
            queue.done(key)
          }
        }
      }
    }
  }
}
