import Exchange
public import Objects
import Synchronization

/// Tells users what happens to objects, as Events of theirs. The same event again is counted on the first.
public final class EventRecorder: Sendable {
  /// Events that wait to be written, at most; more are dropped.
  public static let queueEvents = 1000
  /// Events that are remembered so that they can be counted, at most.
  public static let rememberedEvents = 4096
  /// Events of one object in a row.
  static let burst = 25.0
  /// Events a second of one object after that: one in five minutes.
  static let rate = 1.0 / 300

  private struct Known {
    var name: String
    var count: Int64
    var first: Timestamp
  }

  private struct Allowance {
    var tokens: Double
    var at: Timestamp
  }

  private struct State {
    var queue: [JSON] = []
    var known: [String: Known] = [:]
    var allowances: [String: Allowance] = [:]
    var dropped = 0
    var sequence: UInt64
    var waiter: CheckedContinuation<Void, Never>?

    /// Whether an object may have one more event now.
    mutating func allow(_ subject: String, at time: Timestamp) -> Bool {
      if allowances.count >= rememberedEvents { allowances = [:] }
      var allowance = allowances[subject] ?? Allowance(tokens: burst, at: time)
      let elapsed = Double(time.seconds - allowance.at.seconds)
      allowance.tokens = min(burst, allowance.tokens + max(0, elapsed) * rate)
      allowance.at = time
      let isAllowed = allowance.tokens >= 1
      if isAllowed { allowance.tokens -= 1 }
      allowances[subject] = allowance
      return isAllowed
    }
  }

  private let client: APIClient
  private let component: String
  private let now: @Sendable () -> Timestamp
  private let events: Resource
  private let state: Mutex<State>

  /// A recorder for a component, such as `deployment-controller`.
  public init(
    client: APIClient, component: String, events: Resource, now: @escaping @Sendable () -> Timestamp,
    seed: UInt64 = .random(in: 0...UInt64.max)
  ) {
    self.client = client
    self.component = component
    self.now = now
    self.events = events
    state = Mutex(State(sequence: seed))
  }

  /// How many events were dropped because too many waited.
  public var dropped: Int { state.withLock { $0.dropped } }

  /// Tells of something that concerns an object. Returns at once.
  /// - Parameter type: `Normal` or `Warning`.
  public func event(regarding object: JSON, resource: Resource, type: String, reason: String, message: String)
  {
    let metadata = object["metadata"]
    let namespace = metadata?["namespace"]?.string ?? ""
    var involved: JSON = ["apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind)]
    for field in ["namespace", "name", "uid", "resourceVersion"] { involved[field] = metadata?[field] }
    let name = metadata?["name"]?.string ?? ""
    let subject = "\(resource.kind)/\(namespace)/\(name)/\(metadata?["uid"]?.string ?? "")"
    let key = "\(subject)/\(type)/\(reason)/\(message)"
    let time = now()
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.allow(subject, at: time) else { return nil }
      guard state.queue.count < Self.queueEvents else {
        state.dropped += 1
        return nil
      }
      if state.known.count >= Self.rememberedEvents { state.known = [:] }
      var known = state.known[key] ?? Known(name: "", count: 0, first: time)
      if known.name.isEmpty {
        state.sequence &+= 0x9e37_79b9_7f4a_7c15
        known.name = "\(name).\(String(state.sequence, radix: 16))"
      }
      known.count += 1
      state.known[key] = known
      state.queue.append([
        "apiVersion": "v1", "kind": "Event",
        "metadata": [
          "name": .string(known.name), "namespace": .string(namespace.isEmpty ? "default" : namespace),
        ],
        "involvedObject": involved, "reason": .string(reason), "message": .string(message),
        "type": .string(type),
        "source": ["component": .string(component)], "reportingComponent": .string(component),
        "reportingInstance": "", "count": .integer(known.count), "firstTimestamp": .string(known.first.text),
        "lastTimestamp": .string(time.text), "eventTime": .null,
      ])
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Writes events until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      guard let event = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) else {
        await wait()
        continue
      }
      await write(event)
    }
  }

  private func write(_ event: JSON) async {
    let namespace = event["metadata", "namespace"]?.string ?? ""
    let name = event["metadata", "name"]?.string ?? ""
    do throws(StatusError) {
      if event["count"]?.integer ?? 1 > 1 {
        let patch: JSON = [
          "count": event["count"] ?? 1, "lastTimestamp": event["lastTimestamp"] ?? "",
          "message": event["message"] ?? "",
        ]
        do throws(StatusError) {
          try await client.patch(events, namespace: namespace, name: name, kind: .strategic, patch)
          return
        } catch  where error.isNotFound {
          // It has ended meanwhile: it begins anew.
        }
      }
      try await client.create(events, namespace: namespace, event)
    } catch {
      // An event that cannot be written, such as one in a namespace that goes, is not worth more.
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if !state.queue.isEmpty || Task.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }
}
