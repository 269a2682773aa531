import FoundationEssentials
import GRPC
import Testing

@testable import Bench

@Suite struct ReportTests {
  private func report(_ change: (inout Configuration, inout Tally) -> Void = { _, _ in }) -> Report {
    var configuration = Configuration()
    configuration.operations = 1000
    var tally = Tally()
    for millisecond in 1...1000 { tally.latencies.record(nanoseconds: Int64(millisecond) * 1_000_000) }
    tally.succeeded = 1000
    tally.keysWritten = 1000
    change(&configuration, &tally)
    let idle = ProcessUsage(stat: "", status: "", io: "", ticksPerSecond: 1)
    var (before, after) = (idle, idle)
    (before.userSeconds, before.systemSeconds, before.writtenBytes) = (1, 1, 1000)
    (after.userSeconds, after.systemSeconds, after.writtenBytes) = (1.5, 1.25, 257_000)
    (after.residentBytes, after.anonymousBytes) = (3 << 20, 2 << 20)
    return Report(
      configuration: configuration, serverVersion: nil, elapsedSeconds: 2, tally: tally,
      process: UsageDifference(from: before, to: after), server: nil, isInterrupted: false, isStalled: false)
  }

  private func near(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) <= expected * 0.001 }

  @Test func percentilesOfKnownLatencies() {
    let latency = report().latency
    #expect(near(latency.p50, 500))
    #expect(near(latency.p90, 900))
    #expect(near(latency.p99, 990))
    #expect(near(latency.p999, 999))
    #expect(latency.max == 1000)
    #expect(near(latency.mean, 500.5))
  }

  @Test func extremeLatenciesAreKept() {
    var histogram = LatencyHistogram()
    for nanoseconds in [Int64.min, -1, 0, .max] { histogram.record(nanoseconds: nanoseconds) }
    #expect(histogram.count == 4)
    #expect(histogram.summary.max == 3_600_000)
  }

  @Test func talliesAddUp() {
    var (first, second) = (Tally(), Tally())
    first.latencies.record(nanoseconds: 1000)
    second.latencies.record(nanoseconds: 5000)
    first.fail(GRPCStatus(.unavailable, "gone"))
    second.fail(GRPCStatus(.unavailable, "gone"))
    second.fail(GRPCStatus(.unknown, "odd"))
    second.succeeded = 3
    first.add(second)
    #expect(first.latencies.count == 2)
    #expect(first.failed == 3)
    #expect(first.succeeded == 3)
    #expect(first.failures == [GRPCStatus(.unavailable, "gone"): 2, GRPCStatus(.unknown, "odd"): 1])
  }

  @Test func endlessKindsOfFailuresAreBounded() {
    var tally = Tally()
    for number in 0..<1000 { tally.fail(GRPCStatus(.unknown, "failure \(number)")) }
    #expect(tally.failures.count <= 33)
    #expect(tally.failures.values.reduce(0, +) == 1000)
  }

  @Test func textShowsTheFigures() {
    let text = report().text
    #expect(text.contains("1,000 in 2.00 s, 500/s"))
    #expect(text.contains("embedded"))
    #expect(text.contains("0.50 s user, 0.25 s system, 750.0 µs an operation"))
    #expect(text.contains("3.0 MiB resident, 2.0 MiB anonymous"))
    #expect(text.contains("250.0 KiB written, 256 B an operation"))
    #expect(!text.contains("failed"))
  }

  @Test func textShowsTheFirstFailures() {
    let report = report { _, tally in
      for _ in 0..<3 {
        tally.fail(GRPCStatus(.resourceExhausted, "etcdserver: mvcc: database space exceeded"))
      }
      tally.fail(GRPCStatus(.unavailable, "gone"))
      tally.emptyReads = 2
    }
    #expect(!report.isClean)
    #expect(
      report.text.contains(
        "4 failed:\n  3 × RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded\n  1 × UNAVAILABLE: gone"
      ))
    #expect(report.text.contains("2 reads found no key"))
  }

  @Test func jsonHasStableKeys() throws {
    let report = report { _, tally in tally.fail(GRPCStatus(.unknown, "a \"quote\",\n\\ and \u{1}")) }
    let data = Data(report.json.utf8)
    let decoded = try JSONDecoder().decode(Decoded.self, from: data)
    #expect(decoded.operations == 1000)
    #expect(decoded.operations_per_second == 500)
    #expect(decoded.latency_milliseconds.p99_9 > 990)
    #expect(decoded.process.cpu_microseconds_per_operation == 750)
    #expect(decoded.process.written_bytes_per_operation == 256)
    #expect(decoded.server == nil)
    #expect(decoded.rate == nil)
    #expect(decoded.target == "embedded")
    #expect(decoded.errors == [.init(code: "UNKNOWN", message: "a \"quote\",\n\\ and \u{1}", count: 1)])
    #expect(!report.json.contains("\n"))
  }

  /// The keys that scripts rely on.
  private struct Decoded: Decodable {
    struct Latency: Decodable { var mean, p50, p90, p99, p99_9, max: Double }
    struct Usage: Decodable {
      var user_seconds, system_seconds, cpu_microseconds_per_operation: Double?
      var resident_bytes, anonymous_bytes, peak_resident_bytes, written_bytes: Int?
      var written_bytes_per_operation: Double?
    }
    struct Failure: Decodable, Equatable {
      var code, message: String
      var count: Int
    }
    var workload, target, key_order, consistency: String
    var endpoints: [String]
    var server_version: String?
    var clients, loops, key_size, value_size, key_space, seed, limit, range_keys, txn_ops: Int
    var connections, rate: Int?
    var rw_ratio, elapsed_seconds, operations_per_second: Double
    var operations, failed, unanswered, clients_lost, keys_written, keys_read, empty_reads: Int
    var latency_milliseconds: Latency
    var process: Usage
    var server: Usage?
    var errors: [Failure]
    var interrupted, stalled: Bool
  }

  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (0.999, 2, "1.00"), (-1.5, 1, "-1.5"), (1234.5678, 3, "1234.568"),
    (-0.001, 2, "0.00"), (2.5, 0, "3"),
  ])
  func decimals(value: Double, places: Int, text: String) {
    #expect(Decimals.fixed(value, places) == text)
  }

  @Test func numbersForPeople() {
    #expect(Decimals.grouped(0) == "0")
    #expect(Decimals.grouped(999) == "999")
    #expect(Decimals.grouped(-1_234_567) == "-1,234,567")
    #expect(Decimals.bytes(1023) == "1023 B")
    #expect(Decimals.bytes(1536) == "1.5 KiB")
    #expect(Decimals.clock(59.6) == "1:00")
    #expect(Decimals.clock(3725) == "1:02:05")
  }
}
