internal import Histogram

/// Latencies in nanoseconds, to three significant digits, up to an hour.
struct LatencyHistogram: Sendable {
  private static let longest: UInt64 = 3_600_000_000_000
  private var histogram = Histogram<UInt64>(
    lowestDiscernibleValue: 1, highestTrackableValue: longest, numberOfSignificantValueDigits: .three)

  /// Counts a latency; one past the longest counts as the longest.
  mutating func record(nanoseconds: Int64) {
    histogram.record(min(UInt64(max(nanoseconds, 0)), Self.longest))
  }

  /// Adds what `other` counted.
  mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }

  var count: UInt64 { histogram.totalCount }

  var summary: LatencySummary {
    func milliseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e6 }
    func percentile(_ percentile: Double) -> Double {
      milliseconds(histogram.valueAtPercentile(percentile))
    }
    return LatencySummary(
      mean: histogram.mean / 1e6, p50: percentile(50), p90: percentile(90), p99: percentile(99),
      p999: percentile(99.9), max: milliseconds(histogram.maxRecorded))
  }
}

/// The figures of a latency distribution, in milliseconds; all zero when nothing was measured.
struct LatencySummary: Sendable, Hashable {
  var mean: Double
  var p50: Double
  var p90: Double
  var p99: Double
  var p999: Double
  var max: Double
}
