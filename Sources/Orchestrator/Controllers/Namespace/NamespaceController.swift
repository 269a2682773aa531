import Client
import Exchange
import Objects
import Synchronization

/// Empties namespaces that are being deleted, and then lets them go.
public struct NamespaceController: Controller {
  /// The first pause before what is left is counted again; it grows.
  static let firstPause = Duration.milliseconds(250)
  /// The longest pause.
  static let longestPause = Duration.seconds(5)
  /// Resources that are emptied at a time.
  static let width = 8
  static let finalizer = "kubernetes"

  /// The controller's name.
  public let name = "namespace-controller"

  /// A controller, which has no settings.
  public init() {}

  /// What can be in a namespace: each resource in one version.
  static let contents: [Resource] = {
    var seen: Set<String> = []
    return Resource.builtIn.filter { resource in
      resource.isNamespaced && resource.verbs.contains("delete") && resource.verbs.contains("list")
        && seen.insert("\(resource.resource).\(resource.group)").inserted
    }
  }()

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let namespaces = context.informers.informer(for: .namespaces)
    let queue = ControllerQueue(context, name: name)
    let pauses = Mutex<[ObjectKey: Duration]>([:])
    namespaces.addHandler { event in
      switch event {
      case .added(let namespace):
        if namespace.isBeingDeleted { queue.add(namespace.key) }
      case .updated(let old, let namespace):
        // Its own writes of the status are no reason to look again before the pause is over.
        if namespace.isBeingDeleted,
          !old.isBeingDeleted || old["spec", "finalizers"] != namespace["spec", "finalizers"]
            || old["metadata", "finalizers"] != namespace["metadata", "finalizers"]
        {
          queue.add(namespace.key)
        }
      case .deleted(let namespace): pauses.withLock { $0[namespace.key] = nil }
      }
    }
    await namespaces.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let namespace = namespaces[key], namespace.isBeingDeleted else { return nil }
      if try await Self.look(at: namespace, context) { return nil }
      return pauses.withLock { pauses in
        let pause = pauses[key] ?? Self.firstPause
        pauses[key] = min(pause * 2, Self.longestPause)
        return pause
      }
    }
  }

  /// Deletes what is in a namespace.
  /// - Returns: whether nothing is left to do.
  private static func look(at cached: JSON, _ context: ControllerContext) async throws(StatusError) -> Bool {
    var namespace: JSON
    do throws(StatusError) {
      namespace = try await context.client.get(.namespaces, name: cached.name)
    } catch {
      if error.isNotFound { return true }
      throw error
    }
    guard namespace.uid == cached.uid, namespace.isBeingDeleted, holds(namespace) else { return true }
    let content = await empty(namespace.name, context.client)
    var status = content.status(of: namespace, now: context.now())
    // The server says so when the deletion begins, unless it was cut short.
    status["phase"] = "Terminating"
    do throws(StatusError) {
      if status != namespace["status"] {
        namespace["status"] = status
        namespace = try await context.updateStatus(.namespaces, namespace)
      }
      guard content.isEmpty else { return false }
      let finalizers = (namespace["spec", "finalizers"]?.array ?? []).filter { $0.string != finalizer }
      namespace["spec", "finalizers"] = .array(finalizers)
      try await context.client.update(.namespaces, namespace, subresource: "finalize")
      return true
    } catch {
      if error.isNotFound { return true }
      throw error
    }
  }

  /// Whether the namespace waits for this controller.
  private static func holds(_ namespace: JSON) -> Bool {
    (namespace["spec", "finalizers"]?.array ?? []).contains { $0.string == finalizer }
  }

  private static func empty(_ namespace: String, _ client: APIClient) async -> NamespaceContent {
    await withTaskGroup(of: (Resource, Result<[JSON], StatusError>).self) { group in
      var rest = contents[...]
      func add() {
        guard let resource = rest.popFirst() else { return }
        group.addTask {
          do throws(StatusError) {
            return (resource, .success(try await delete(resource, in: namespace, client)))
          } catch {
            return (resource, .failure(error))
          }
        }
      }
      for _ in 0..<width { add() }
      var content = NamespaceContent()
      var failures: [String] = []
      while let (resource, result) = await group.next() {
        switch result {
        case .success(let objects): content.add(objects, of: resource)
        case .failure(let error): failures.append(error.message)
        }
        add()
      }
      // In one order, so that the same failures are the same status.
      content.failures = failures.sorted()
      return content
    }
  }

  /// Deletes a namespace's objects of one resource.
  /// - Returns: what is left.
  private static func delete(
    _ resource: Resource, in namespace: String, _ client: APIClient
  ) async throws(StatusError) -> [JSON] {
    // Most resources have nothing in most namespaces; to ask is cheaper than to delete.
    let objects = try await client.list(resource, namespace: namespace).items
    guard !objects.isEmpty else { return [] }
    // What is on its way out already is not asked again.
    guard objects.contains(where: { !$0.isBeingDeleted }) else { return objects }
    let options = APIClient.deleteOptions(propagation: "Background")
    if resource.verbs.contains("deletecollection") {
      try await client.deleteCollection(resource, namespace: namespace, options: options)
    } else {
      for object in objects where !object.isBeingDeleted {
        do throws(StatusError) {
          try await client.delete(resource, namespace: namespace, name: object.name, options: options)
        } catch {
          if !error.isNotFound { throw error }
        }
      }
    }
    return try await client.list(resource, namespace: namespace).items
  }
}
