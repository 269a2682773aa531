import Client
import Exchange
import Objects

/// What the controllers of this module need of the world.
struct CloudContext: Sendable {
  let client: APIClient
  let nodes: Informer
  let services: Informer
  let resources: CloudResources
  let cluster: String
  let time: any TimeSource
  let report: @Sendable (String, ObjectKey, StatusError) -> Void
}

/// What the controllers watch.
struct CloudResources: Sendable {
  let nodes: Resource
  let services: Resource

  /// Nil if the schema lacks one, which it does not.
  init?() {
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let services = Resource.builtIn(group: "", version: "v1", resource: "services")
    else { return nil }
    self.nodes = nodes
    self.services = services
  }
}

/// A controller's keys and those who look.
struct CloudQueue: Sendable {
  /// Clouds answer slowly and count calls: failures come back after seconds.
  static let initialDelay = Duration.seconds(1)
  static let maximumDelay = Duration.seconds(300)

  let name: String
  let context: CloudContext
  let queue: WorkQueue<ObjectKey>

  init(_ context: CloudContext, name: String) {
    self.name = name
    self.context = context
    queue = WorkQueue(
      time: context.time, initialDelay: Self.initialDelay, maximumDelay: Self.maximumDelay)
  }

  func add(_ key: ObjectKey) { queue.add(key) }

  /// Looks at keys until the task is cancelled. A look says when to look again.
  func run(
    workers: Int, _ sync: @escaping @Sendable (ObjectKey) async throws(StatusError) -> Duration?
  ) async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<workers {
        group.addTask {
          while let key = await queue.next() {
            do throws(StatusError) {
              let again = try await sync(key)
              queue.forget(key)
              if let again { queue.addAfter(key, again) }
            } catch {
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

extension CloudError {
  /// As the API server's failures are reported and retried.
  var status: StatusError { .unavailable(message) }
}

extension JSON {
  var name: String { self["metadata", "name"]?.string ?? "" }
  var namespace: String { self["metadata", "namespace"]?.string ?? "" }
  var uid: String { self["metadata", "uid"]?.string ?? "" }
  var resourceVersion: String { self["metadata", "resourceVersion"]?.string ?? "" }
  var isBeingDeleted: Bool { self["metadata", "deletionTimestamp"].map { !$0.isNull } ?? false }
  func label(_ key: String) -> String? { self["metadata", "labels"]?[key]?.string }
  var taints: [JSON] { self["spec", "taints"]?.array ?? [] }

  /// The status of a condition; nil if there is none.
  func condition(_ type: String) -> String? {
    self["status", "conditions"]?.array?.first { $0["type"]?.string == type }?["status"]?.string
  }
}
