public import Objects
import Exchange
import Synchronization

/// Tells users what happens, as Event objects: the same again is counted, too much is dropped. Never waits for the
/// server; `run` sends.
public final class EventRecorder: Sendable {
  private struct State {
    var waiting: [EventNews] = []
    var dropped = 0
  }

  private let client: APIClient
  private let component: String
  private let host: String
  private let time: any TimeSource
  private let state = Mutex(State())
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// A recorder.
  ///
  /// - Parameters:
  ///   - component: who tells, such as `default-scheduler`.
  ///   - host: where it runs; often empty.
  public init(
    client: APIClient, component: String, host: String = "", time: any TimeSource = SystemTime()
  ) {
    self.client = client
    self.component = component
    self.host = host
    self.time = time
    (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// How many events were dropped because the queue was full.
  public var droppedCount: Int { state.withLock { $0.dropped } }

  /// Tells of something that concerns an object.
  ///
  /// - Parameters:
  ///   - object: what it is about.
  ///   - type: `Normal` or `Warning`.
  ///   - reason: one word, such as `Scheduled`.
  public func event(
    regarding object: JSON, resource: Resource, type: String, reason: String, message: String
  ) {
    let key = ObjectKey(object)
    let involved = EventNews.Object(
      apiVersion: resource.apiVersion, kind: resource.kind, namespace: key.namespace, name: key.name,
      uid: object["metadata", "uid"]?.string ?? "")
    let news = EventNews(
      kind: EventNews.Kind(object: involved, type: type, reason: reason), message: message,
      resourceVersion: object["metadata", "resourceVersion"]?.string ?? "")
    state.withLock { state in
      if state.waiting.count < ClientLimits.waitingEvents {
        state.waiting.append(news)
      } else {
        state.dropped += 1
      }
    }
    wake.yield()
  }

  /// Sends events until the task is cancelled. Only one task may run it.
  public func run() async {
    guard let events = Resource.builtIn(group: "", version: "v1", resource: "events") else { return }
    var correlator = EventCorrelator(component: component, host: host)
    for await _ in wakes {
      let waiting = state.withLock { state in
        defer { state.waiting = [] }
        return state.waiting
      }
      for news in waiting where !Task.isCancelled { await send(news, events, &correlator) }
    }
  }

  /// Sends an event; one that the server does not take is lost.
  private func send(_ news: EventNews, _ events: Resource, _ correlator: inout EventCorrelator) async {
    do throws(StatusError) {
      switch correlator.take(news, now: time.now, uptime: time.uptime) {
      case .create(let event): try await client.create(events, event)
      case .patch(let namespace, let name, let patch):
        do throws(StatusError) {
          try await client.patch(events, namespace: namespace, name: name, kind: .strategic, patch)
        } catch {
          guard error.isNotFound else { throw error }
          try await client.create(events, correlator.recreate(news, now: time.now))
        }
      case .drop: break
      }
    } catch {
      state.withLock { $0.dropped += 1 }
    }
  }
}
