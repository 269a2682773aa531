import Objects

/// Decides what becomes of an event: made anew, counted with an earlier one, or dropped because there are too many.
struct EventCorrelator: Sendable {
  /// What is to be sent.
  enum Outcome: Sendable, Hashable {
    case create(JSON)
    /// Changes the event of this name.
    case patch(namespace: String, name: String, JSON)
    case drop
  }

  /// Events of one object that may come at once, and how long it takes until one more may.
  static let burst = 25.0
  static let refill = Duration.seconds(300)
  /// So many events that differ only in their messages become one.
  static let similarMaximum = 10
  static let similarPeriod = Duration.seconds(600)

  private struct Bucket: Sendable {
    var tokens: Double
    var last: Duration
  }

  private struct Similar: Sendable {
    var messages: Set<String>
    var last: Duration
  }

  private struct Sent: Sendable {
    var name: String
    var count: Int64
  }

  private var buckets = RecentCache<EventNews.Object, Bucket>(capacity: ClientLimits.rememberedEvents)
  private var similar = RecentCache<EventNews.Kind, Similar>(capacity: ClientLimits.rememberedEvents)
  private var sent = RecentCache<EventNews, Sent>(capacity: ClientLimits.rememberedEvents)
  /// The nanoseconds in the name of the event before: names tell events apart.
  private var lastNumber: UInt64 = 0
  let component: String
  let host: String

  init(component: String, host: String) {
    self.component = component
    self.host = host
  }

  /// Decides on an event.
  ///
  /// - Parameters:
  ///   - now: the date.
  ///   - uptime: the time since some origin.
  mutating func take(_ news: EventNews, now: Timestamp, uptime: Duration) -> Outcome {
    var news = news
    if isSimilar(news, uptime: uptime) { news.message = "(combined from similar events): " + news.message }
    guard isAllowed(news.kind.object, uptime: uptime) else { return .drop }
    let key = isCombined(news) ? EventNews(kind: news.kind, message: "") : news
    if var known = sent[key] {
      known.count += 1
      sent[key] = known
      var patch: JSON = ["count": .integer(known.count), "lastTimestamp": .string(now.text)]
      if key != news { patch["message"] = .string(news.message) }
      return .patch(namespace: news.kind.object.eventNamespace, name: known.name, patch)
    }
    return .create(make(news, key: key, now: now))
  }

  /// The event anew, for a patch that found none: the server forgets events after an hour.
  mutating func recreate(_ news: EventNews, now: Timestamp) -> JSON {
    make(news, key: news, now: now)
  }

  private func isCombined(_ news: EventNews) -> Bool {
    news.message.hasPrefix("(combined from similar events): ")
  }

  private mutating func make(_ news: EventNews, key: EventNews, now: Timestamp) -> JSON {
    let object = news.kind.object
    let nanoseconds = UInt64(bitPattern: now.seconds &* 1_000_000_000 &+ Int64(now.nanoseconds))
    lastNumber = max(lastNumber &+ 1, nanoseconds)
    let name = "\(object.name).\(String(lastNumber, radix: 16))"
    sent[key] = Sent(name: name, count: 1)
    var involved: JSON = [
      "kind": .string(object.kind), "apiVersion": .string(object.apiVersion), "name": .string(object.name),
    ]
    if !object.namespace.isEmpty { involved["namespace"] = .string(object.namespace) }
    if !object.uid.isEmpty { involved["uid"] = .string(object.uid) }
    if !news.resourceVersion.isEmpty { involved["resourceVersion"] = .string(news.resourceVersion) }
    var source: JSON = ["component": .string(component)]
    if !host.isEmpty { source["host"] = .string(host) }
    return [
      "apiVersion": "v1", "kind": "Event",
      "metadata": ["name": .string(name), "namespace": .string(object.eventNamespace)],
      "involvedObject": involved, "reason": .string(news.kind.reason), "message": .string(news.message),
      "source": source, "firstTimestamp": .string(now.text), "lastTimestamp": .string(now.text),
      "count": 1, "type": .string(news.kind.type),
      "reportingComponent": .string(component), "reportingInstance": .string(host),
    ]
  }

  /// Whether there have been too many events of this kind with other messages.
  private mutating func isSimilar(_ news: EventNews, uptime: Duration) -> Bool {
    var known = similar[news.kind] ?? Similar(messages: [], last: uptime)
    if uptime - known.last > Self.similarPeriod { known.messages = [] }
    known.last = uptime
    // Beyond the maximum it does not matter which they are.
    if known.messages.count < Self.similarMaximum { known.messages.insert(news.message) }
    similar[news.kind] = known
    return known.messages.count >= Self.similarMaximum
  }

  /// Takes a token from the object's bucket.
  private mutating func isAllowed(_ object: EventNews.Object, uptime: Duration) -> Bool {
    var bucket = buckets[object] ?? Bucket(tokens: Self.burst, last: uptime)
    bucket.tokens = min(Self.burst, bucket.tokens + (uptime - bucket.last) / Self.refill)
    bucket.last = uptime
    let isAllowed = bucket.tokens >= 1
    if isAllowed { bucket.tokens -= 1 }
    buckets[object] = bucket
    return isAllowed
  }
}

/// Something that users are told about an object.
struct EventNews: Sendable, Hashable {
  /// What an event is about.
  struct Object: Sendable, Hashable {
    var apiVersion: String
    var kind: String
    var namespace: String
    var name: String
    var uid: String

    /// Events of objects without a namespace are in `default`.
    var eventNamespace: String { namespace.isEmpty ? "default" : namespace }
  }

  /// All but the message.
  struct Kind: Sendable, Hashable {
    var object: Object
    /// `Normal` or `Warning`.
    var type: String
    var reason: String
  }

  var kind: Kind
  var message: String
  /// Of the object; does not tell events apart.
  var resourceVersion = ""

  static func == (left: EventNews, right: EventNews) -> Bool {
    left.kind == right.kind && left.message == right.message
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(message)
  }
}
