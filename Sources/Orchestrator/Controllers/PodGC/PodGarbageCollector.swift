public import Client
import Exchange
import Objects

/// Takes away pods that nobody else will: too many that have ended, those that were never bound, and those of nodes
/// that are gone.
public struct PodGarbageCollector: Controller {
  /// How often it looks.
  static let period = Duration.seconds(20)

  /// The controller's name.
  public let name = "pod-garbage-collector"
  private let time: any TimeSource

  /// A controller.
  public init(time: any TimeSource = SystemTime()) { self.time = time }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let pods = context.informers.informer(for: .pods)
    let nodes = context.informers.informer(for: .nodes)
    await pods.waitForSync()
    await nodes.waitForSync()
    var missingSince: [String: Duration] = [:]
    while !Task.isCancelled {
      let due = PodCollection.due(
        pods: pods.list(), nodes: Set(nodes.list().lazy.map(\.name)), missingSince: &missingSince,
        at: time.uptime)
      var gone: [String: Bool] = [:]
      for (pod, reason) in due {
        do throws(StatusError) {
          if reason == .orphaned {
            // The cache of nodes may lack one that is there.
            var isGone = gone[pod.nodeName]
            if isGone == nil { isGone = try await Self.isGone(pod.nodeName, context.client) }
            gone[pod.nodeName] = isGone
            guard isGone == true else { continue }
          }
          try await Self.delete(pod, isOrphan: reason == .orphaned, context)
        } catch {
          if !error.isConflict { context.report(name, pod.key, error) }
        }
      }
      do { try await time.sleep(for: Self.period) } catch { return }
    }
  }

  private static func isGone(_ node: String, _ client: APIClient) async throws(StatusError) -> Bool {
    do throws(StatusError) {
      _ = try await client.get(.nodes, name: node)
      return false
    } catch {
      if error.isNotFound { return true }
      throw error
    }
  }

  private static func delete(
    _ pod: JSON, isOrphan: Bool, _ context: ControllerContext
  ) async throws(StatusError) {
    do throws(StatusError) {
      if isOrphan, !pod.isTerminal {
        var failed = pod
        failed["status", "phase"] = "Failed"
        let now = context.now()
        var status = failed["status"] ?? [:]
        Conditions.set(
          Conditions.make(
            "DisruptionTarget", "True", reason: "DeletionByPodGC",
            message: "PodGC: node no longer exists", now: now), in: &status)
        failed["status"] = status
        _ = try await context.updateStatus(.pods, failed)
      }
      try await context.client.delete(
        .pods, namespace: pod.namespace, name: pod.name,
        options: APIClient.deleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
    } catch {
      if !error.isNotFound { throw error }
    }
  }
}
