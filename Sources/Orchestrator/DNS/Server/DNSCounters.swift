import Synchronization

/// What the server has done since it began; all but the last two only grow.
public struct DNSCounters: Sendable, Hashable {
  /// What came over UDP.
  public var datagrams = 0
  /// Messages that came over TCP.
  public var streamMessages = 0
  /// What came and was no question that can be answered at all, or came from one who gets no answers.
  public var ignored = 0
  /// Answers, by their code.
  public var answers: [ResponseCode: Int] = [:]
  /// Answers that were cut, so that the client asks again over TCP.
  public var truncatedAnswers = 0
  /// Answers that could not be sent because the socket takes no more.
  public var droppedAnswers = 0
  /// Questions about names of others.
  public var forwarded = 0
  /// Those of them whose answer was kept from before.
  public var cacheHits = 0
  /// Those of them that were refused because too many wait.
  public var overloads = 0
  /// Messages to upstreams.
  public var upstreamAttempts = 0
  /// Those of them that came to nothing.
  public var upstreamFailures = 0
  /// TCP connections that were refused because there were too many.
  public var refusedConnections = 0
  /// TCP connections that are open.
  public var openConnections = 0
  /// Names that exist in the cluster's zone.
  public var names = 0
}

/// Counters that all threads share.
final class CounterBox: Sendable {
  private let counters = Mutex(DNSCounters())

  var current: DNSCounters { counters.withLock { $0 } }

  func count(_ change: @Sendable (inout DNSCounters) -> Void) { counters.withLock { change(&$0) } }
}
