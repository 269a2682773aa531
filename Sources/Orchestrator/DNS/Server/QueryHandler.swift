import NIOCore
import Synchronization

/// Answers what clients send, from the zone or with what others say.
final class QueryHandler: Sendable {
  private struct State {
    var zone: ClusterZone
    var isReady = false
  }

  private let state: Mutex<State>
  private let forwarder: Forwarder
  private let clients: [IPRange]
  private let random: @Sendable () -> UInt64
  let counters: CounterBox

  init(
    zone: ClusterZone, forwarder: Forwarder, clients: [IPRange] = [],
    random: @escaping @Sendable () -> UInt64, counters: CounterBox
  ) {
    state = Mutex(State(zone: zone))
    self.forwarder = forwarder
    self.clients = clients
    self.random = random
    self.counters = counters
  }

  var isReady: Bool { state.withLock { $0.isReady } }
  var nameCount: Int { state.withLock { $0.zone.nameCount } }

  /// Whether a client's questions are answered.
  func serves(_ client: SocketAddress?) -> Bool {
    guard !clients.isEmpty else { return true }
    guard let address = client.flatMap({ ServerAddress($0) })?.address else { return false }
    return clients.contains { $0.contains(address) }
  }

  /// Says whether the zone knows all there is.
  func setReady(_ isReady: Bool) { state.withLock { $0.isReady = isReady } }

  /// Changes the zone.
  func change(_ change: (inout ClusterZone) -> Void) { state.withLock { change(&$0.zone) } }

  /// Handles what a client sent.
  ///
  /// - Parameter reply: takes the answer, or nil if there will be none; called once, now or later, on any thread.
  func handle(_ bytes: [UInt8], overTCP: Bool, _ reply: @escaping @Sendable ([UInt8]?) -> Void) {
    let counters = counters
    counters.count { if overTCP { $0.streamMessages += 1 } else { $0.datagrams += 1 } }
    let query: DNSMessage
    let question: DNSMessage.Question
    switch QueryPlan.read(bytes) {
    case .nothing:
      counters.count { $0.ignored += 1 }
      reply(nil)
      return
    case .answer(let response):
      reply(Self.finish(response, limit: DNSLimits.plainDatagramBytes, counters))
      return
    case .question(let read, let asked):
      query = read
      question = asked
    }
    let limit = overTCP ? DNSLimits.messageBytes : query.datagramBytesTaken
    let rotation = Int(truncatingIfNeeded: random())
    let plan = state.withLock { state in
      QueryPlan.plan(
        query, question, zone: state.zone, isReady: state.isReady, forwards: forwarder.hasUpstreams,
        rotation: rotation, limit: limit)
    }
    switch plan {
    case .answer(let response): reply(Self.finish(response, limit: limit, counters))
    case .forward(let question, let response):
      forwarder.ask(question) { answer in
        reply(Self.finish(QueryPlan.complete(response, answer), limit: limit, counters))
      }
    }
  }

  private static func finish(_ response: DNSMessage, limit: Int, _ counters: CounterBox) -> [UInt8] {
    let bytes = response.serialized(limit: limit)
    let isTruncated = bytes[2] & 2 != 0
    counters.count {
      $0.answers[response.responseCode, default: 0] += 1
      if isTruncated { $0.truncatedAnswers += 1 }
    }
    return bytes
  }
}
