import FoundationEssentials
import Testing

@testable import Bench

/// Runs against a member inside the process: log, engine and threads, no network.
struct EmbeddedRunTests {
  private func run(_ change: (inout Configuration) -> Void) throws -> Report {
    let directory = FileManager.default.temporaryDirectory.appending(path: "bench-test-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var configuration = Configuration()
    configuration.directory = directory
    configuration.operations = 3000
    configuration.clients = 100
    configuration.keySpace = 500
    change(&configuration)
    let report = try Benchmark.run(configuration)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory) == [], "the member's folder is left")
    return report
  }

  @Test func puts() throws {
    let report = try run { _ in }
    #expect(report.isClean, "\(report.text)")
    #expect(report.succeeded == 3000)
    #expect(report.keysWritten == 3000)
    #expect(report.latency.p50 > 0)
  }

  @Test("a member that holds no key says so", arguments: Configuration.Consistency.allCases)
  func ranges(consistency: Configuration.Consistency) throws {
    let report = try run {
      $0.workload = .range
      $0.consistency = consistency
    }
    #expect(report.isClean, "\(report.text)")
    #expect(report.emptyReads == 3000)
  }

  @Test func lists() throws {
    let report = try run {
      $0.workload = .list
      $0.rangeKeys = 500
      $0.operations = 100
    }
    #expect(report.isClean, "\(report.text)")
    #expect(report.emptyReads == 100)
  }

  @Test func mixedTransactions() throws {
    let report = try run {
      $0.workload = .txn
      $0.transactionOperations = 4
      $0.readsPerWrite = 1
      $0.rangeKeys = 10
    }
    #expect(report.isClean, "\(report.text)")
    #expect(report.keysWritten > 0)
    #expect(report.keysRead > 0)
  }

  @Test func fills() throws {
    let report = try run {
      $0.workload = .fill
      $0.keySpace = 5001
      $0.transactionOperations = 100
    }
    #expect(report.isClean, "\(report.text)")
    #expect(report.succeeded == 51)
    #expect(report.keysWritten == 5001)
  }

  @Test func anUnusableFolderIsNamed() {
    let error = #expect(throws: Benchmark.CannotStart.self) {
      var configuration = Configuration()
      configuration.operations = 1
      configuration.directory = "/nonexistent"
      _ = try Benchmark.run(configuration)
    }
    #expect(error?.description == "cannot make a folder in /nonexistent: No such file or directory")
  }
}
