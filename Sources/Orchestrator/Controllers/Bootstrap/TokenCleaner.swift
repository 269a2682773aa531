import Client
import Exchange
import Objects

/// Deletes tokens with which nobody can join any more.
public struct TokenCleaner: Controller {
  /// The controller's name.
  public let name = "token-cleaner"
  /// The longest wait for a token's end: clocks are set.
  private static let longestWait = Duration.seconds(600)

  /// A cleaner, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let secrets = BootstrapTokenSecret.informer(context)
    let queue = ControllerQueue(context, name: name)
    secrets.addHandler { event in
      switch event {
      case .added(let secret), .updated(_, let secret): queue.add(secret.key)
      case .deleted: break
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await secrets.run() }
      group.addTask {
        await secrets.waitForSync()
        await queue.run { (key) async throws(StatusError) in
          guard let object = secrets[key], let secret = BootstrapTokenSecret(object) else { return nil }
          return try await look(secret, context)
        }
      }
    }
  }

  /// Deletes a token that is over, or says when to look again.
  private func look(
    _ secret: BootstrapTokenSecret, _ context: ControllerContext
  ) async throws(StatusError) -> Duration? {
    let now = context.now()
    guard secret.isOver(now) else {
      return secret.end.map { min($0.since(now), Self.longestWait) }
    }
    do throws(StatusError) {
      try await context.delete(.secrets, secret.object)
    } catch {
      if !error.isNotFound { throw error }
    }
    return nil
  }
}
