import Client
import Exchange
import Objects

/// Keeps the config map by which joining machines find and know the cluster, with a signature for each token.
public struct BootstrapSigner: Controller {
  /// The controller's name.
  public let name = "bootstrap-signer"
  /// How often expired tokens are looked for: their signatures go also if nobody deletes them.
  private static let period = Duration.seconds(60)

  private let info: ClusterInfo
  private let authenticate: ClusterInfo.Authenticate

  /// A signer.
  /// - Parameters:
  ///   - server: the URL under which joining machines reach the API server.
  ///   - authority: the certificate of the cluster's authority, in PEM form.
  ///   - authenticate: HMAC with SHA-256 of a message with a key.
  public init(
    server: String, authority: String,
    authenticate: @escaping @Sendable (_ message: [UInt8], _ key: [UInt8]) -> [UInt8]
  ) {
    info = ClusterInfo(server: server, authority: authority)
    self.authenticate = authenticate
  }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let secrets = BootstrapTokenSecret.informer(context)
    let maps = Informer(
      client: context.client, resource: .configMaps, namespace: ClusterInfo.namespace)
    let queue = ControllerQueue(context, name: name)
    let key = ObjectKey(namespace: ClusterInfo.namespace, name: ClusterInfo.name)
    secrets.addHandler { _ in queue.addSoon(key) }
    maps.addHandler { event in
      switch event {
      case .added(let map), .updated(_, let map), .deleted(let map): if map.key == key { queue.add(key) }
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await secrets.run() }
      group.addTask { await maps.run() }
      group.addTask {
        await secrets.waitForSync()
        await maps.waitForSync()
        // Also if there is nothing at all yet.
        queue.add(key)
        await queue.run { (key) async throws(StatusError) in
          try await keep(secrets, maps[key], context)
          return Self.period
        }
      }
    }
  }

  private func keep(
    _ secrets: Informer, _ current: JSON?, _ context: ControllerContext
  ) async throws(StatusError) {
    let now = context.now()
    let tokens = secrets.list().compactMap { BootstrapTokenSecret($0)?.signing(now) }
    guard let wanted = info.object(current: current, tokens: tokens, authenticate: authenticate) else {
      return
    }
    do throws(StatusError) {
      if current == nil {
        _ = try await context.create(.configMaps, wanted)
      } else {
        _ = try await context.update(.configMaps, wanted)
      }
    } catch {
      // Somebody else was first: an event comes.
      if error.isAlreadyExists { return }
      throw error
    }
  }
}
