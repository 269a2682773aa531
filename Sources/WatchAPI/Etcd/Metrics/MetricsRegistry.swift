import Synchronization

/// A number that only grows. Any thread may add to it.
public final class Counter: Sendable {
  private let value = Atomic<UInt64>(0)

  /// Adds `amount`.
  public func increment(by amount: UInt64 = 1) {
    value.wrappingAdd(amount, ordering: .relaxed)
  }

  /// What was added so far.
  public var current: UInt64 { value.load(ordering: .relaxed) }
}

/// A distribution over fixed buckets. Any thread may add to it.
public final class Histogram: Sendable {
  /// Upper bounds for times in seconds, as etcd uses them: 1 ms, doubling to about 8 s.
  public static let seconds: [Double] = (0..<14).map { 0.001 * Double(1 << $0) }

  /// The buckets' upper bounds, ascending; one more bucket takes the rest.
  public let bounds: [Double]
  private let buckets: [Counter]
  private let sum = Atomic<UInt64>(0)

  /// - Parameter bounds: upper bounds, ascending.
  public init(bounds: [Double] = Histogram.seconds) {
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// Adds one observation.
  public func observe(_ value: Double) {
    buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].increment()
    var old = sum.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + value).bitPattern
      let (exchanged, original) = sum.compareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  /// A consistent enough copy for one scrape.
  public var snapshot: HistogramSnapshot {
    HistogramSnapshot(
      bounds: bounds, counts: buckets.map(\.current), sum: Double(bitPattern: sum.load(ordering: .relaxed)))
  }
}

/// What a histogram held at one moment.
public struct HistogramSnapshot: Sendable {
  /// The buckets' upper bounds, ascending.
  public var bounds: [Double]
  /// Observations in each bucket (not cumulated), and in the one beyond the last bound.
  public var counts: [UInt64]
  /// Of all observations.
  public var sum: Double

  /// `counts` has one element more than `bounds`.
  public init(bounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == bounds.count + 1)
    self.bounds = bounds
    self.counts = counts
    self.sum = sum
  }
}

/// The metrics of one process, and their text for Prometheus (prometheus.io: exposition format 0.0.4).
public final class MetricsRegistry: Sendable {
  /// Label names and values.
  public typealias Labels = [(String, String)]

  private enum Source: Sendable {
    case counter(Counter)
    case number(@Sendable () -> Double)
    case histogram(@Sendable () -> HistogramSnapshot)
    case numbers(@Sendable () -> [(Labels, Double)])
    case histograms(@Sendable () -> [(Labels, HistogramSnapshot)])
  }

  private struct Family: Sendable {
    var help: String
    var type: String
    var series: [(labels: String, source: Source)] = []
  }

  private let families = Mutex<[String: Family]>([:])

  /// An empty one.
  public init() {}

  /// Makes a counter. The same name may be registered again with other labels.
  public func counter(_ name: String, help: String, labels: Labels = []) -> Counter {
    let counter = Counter()
    add(name, help, "counter", labels, .counter(counter))
    return counter
  }

  /// A counter that is kept elsewhere, read at each scrape.
  public func counter(
    _ name: String, help: String, labels: Labels = [], read: @escaping @Sendable () -> Double
  ) {
    add(name, help, "counter", labels, .number(read))
  }

  /// A value that rises and falls, read at each scrape.
  public func gauge(_ name: String, help: String, labels: Labels = [], read: @escaping @Sendable () -> Double)
  {
    add(name, help, "gauge", labels, .number(read))
  }

  /// Makes a histogram.
  public func histogram(
    _ name: String, help: String, labels: Labels = [], bounds: [Double] = Histogram.seconds
  ) -> Histogram {
    let histogram = Histogram(bounds: bounds)
    add(name, help, "histogram", labels, .histogram { histogram.snapshot })
    return histogram
  }

  /// A histogram that is kept elsewhere, read at each scrape.
  public func histogram(
    _ name: String, help: String, labels: Labels = [], read: @escaping @Sendable () -> HistogramSnapshot
  ) {
    add(name, help, "histogram", labels, .histogram(read))
  }

  /// Counters that are kept elsewhere, as many as there are at each scrape.
  public func counters(_ name: String, help: String, read: @escaping @Sendable () -> [(Labels, Double)]) {
    add(name, help, "counter", [], .numbers(read))
  }

  /// The same for values that rise and fall.
  public func gauges(_ name: String, help: String, read: @escaping @Sendable () -> [(Labels, Double)]) {
    add(name, help, "gauge", [], .numbers(read))
  }

  /// The same for histograms.
  public func histograms(
    _ name: String, help: String, read: @escaping @Sendable () -> [(Labels, HistogramSnapshot)]
  ) {
    add(name, help, "histogram", [], .histograms(read))
  }

  private func add(_ name: String, _ help: String, _ type: String, _ labels: Labels, _ source: Source) {
    let labels = Self.text(labels)
    families.withLock { families in
      precondition(families[name].map { $0.type == type } ?? true, "\(name) is registered as another type")
      families[name, default: Family(help: help, type: type)].series.append((labels, source))
    }
  }

  // MARK: text

  /// All metrics, sorted by name.
  public var text: String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
      for (labels, source) in family.series {
        switch source {
        case .counter(let counter): Self.line(name, labels, "\(counter.current)", to: &text)
        case .number(let read): Self.line(name, labels, Self.number(read()), to: &text)
        case .histogram(let read): Self.histogram(name, labels, read(), to: &text)
        case .numbers(let read):
          for (labels, value) in read() { Self.line(name, Self.text(labels), Self.number(value), to: &text) }
        case .histograms(let read):
          for (labels, histogram) in read() { Self.histogram(name, Self.text(labels), histogram, to: &text) }
        }
      }
    }
    return text
  }

  private static func text(_ labels: Labels) -> String {
    labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
  }

  private static func histogram(
    _ name: String, _ labels: String, _ histogram: HistogramSnapshot, to text: inout String
  ) {
    let prefix = labels.isEmpty ? "" : labels + ","
    var total: UInt64 = 0
    for (count, bound) in zip(histogram.counts, histogram.bounds + [.infinity]) {
      total += count
      line(name + "_bucket", prefix + "le=\"\(number(bound))\"", "\(total)", to: &text)
    }
    line(name + "_sum", labels, number(histogram.sum), to: &text)
    line(name + "_count", labels, "\(total)", to: &text)
  }

  private static func line(_ name: String, _ labels: String, _ value: String, to text: inout String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    // Whole numbers without a fraction, as long as a Double counts them exactly.
    return value.rounded() == value && abs(value) < 0x1p53 ? "\(Int64(value))" : "\(value)"
  }

  private static func escaped(_ value: String) -> String {
    var escaped = ""
    for character in value {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}
