import Bench
import Testing

@Suite struct ConfigurationTests {
  private func message(_ change: (inout Configuration) -> Void) -> String? {
    var configuration = Configuration()
    configuration.operations = 10
    change(&configuration)
    do throws(Configuration.Invalid) {
      try configuration.validate()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func acceptsTheDefaults() {
    #expect(message { _ in } == nil)
  }

  @Test func namesTheOptionToMend() {
    #expect(message { $0.operations = nil } == "give --ops or --duration")
    #expect(message { $0.operations = 0 } == "--ops must be at least 1")
    #expect(message { $0.clients = 0 }?.hasPrefix("--clients") == true)
    #expect(message { $0.clients = 10 }?.contains("--connections 100 is more than --clients 10") == true)
    #expect(message { $0.loops = 2 }?.hasPrefix("--loops") == true)
    #expect(message { $0.serverProcess = 1 }?.hasPrefix("--server-pid") == true)
    #expect(message { $0.keySpace = 0 }?.hasPrefix("--key-space") == true)
    #expect(
      message { $0.keyBytes = 5 } == "--key-space 1000000 needs keys of 6 bytes: raise --key-size from 5")
    #expect(message { $0.keyBytes = 6 } == nil)
    #expect(message { $0.valueBytes = 1 << 30 }?.hasPrefix("--value-size") == true)
    #expect(message { $0.rate = 0 }?.hasPrefix("--rate") == true)
    #expect(message { $0.rangeKeys = 0 }?.hasPrefix("--range-keys") == true)
    #expect(message { $0.transactionOperations = 0 }?.hasPrefix("--txn-ops") == true)
    #expect(message { $0.readsPerWrite = -.infinity }?.hasPrefix("--rw-ratio") == true)
    #expect(message { $0.readsPerWrite = .nan }?.hasPrefix("--rw-ratio") == true)
  }

  @Test func transactionsNeedDistinctKeys() {
    let text = message {
      $0.keySpace = 3
      $0.transactionOperations = 4
    }
    #expect(text?.contains("1 to 3") == true)
  }

  @Test("the defaults of every workload can be carried out", arguments: Configuration.Workload.allCases)
  func defaults(workload: Configuration.Workload) throws {
    var configuration = Configuration(defaultsOf: workload)
    configuration.endpoints = [try Endpoint("127.0.0.1:2379")]
    try configuration.validate()
  }

  @Test(
    "streams are measured over a network",
    arguments: [Configuration.Workload.watch, .watchLatency, .watchGet, .leaseKeepAlive, .kubernetes])
  func streamsNeedEndpoints(workload: Configuration.Workload) {
    let error = #expect(throws: Configuration.Invalid.self) {
      try Configuration(defaultsOf: workload).validate()
    }
    #expect(error?.description.hasPrefix("\(workload.rawValue) needs --endpoints") == true)
  }

  @Test func namesTheOptionsOfTraffic() throws {
    let endpoints = [try Endpoint("127.0.0.1:2379")]
    func message(_ workload: Configuration.Workload, _ change: @escaping (inout Configuration) -> Void)
      -> String?
    {
      self.message {
        $0 = Configuration(defaultsOf: workload)
        $0.endpoints = endpoints
        change(&$0)
      }
    }
    #expect(message(.watch) { $0.watchers = 0 }?.hasPrefix("--watchers") == true)
    #expect(message(.watch) { $0.valueBytes = 7 }?.hasPrefix("--value-size") == true)
    #expect(message(.watchLatency) { $0.keySpace = 3 }?.hasPrefix("--key-space") == true)
    #expect(message(.watchGet) { $0.backlog = 0 }?.hasPrefix("--backlog") == true)
    #expect(message(.leaseKeepAlive) { $0.secondsToLive = 0 }?.hasPrefix("--ttl") == true)
    #expect(message(.list) { $0.listMode = .paginated }?.contains("--limit") == true)
    #expect(
      message(.list) {
        $0.endpoints = []
        $0.listMode = .streamed
      }?.hasPrefix("--mode streamed needs --endpoints") == true)
    #expect(message(.kubernetes) { $0.nodes = 0 }?.hasPrefix("--nodes") == true)
    #expect(message(.kubernetes) { $0.apiServers = -1 }?.hasPrefix("--apiservers") == true)
    #expect(message(.kubernetes) { $0.compactionSeconds = 0 }?.hasPrefix("--compaction-interval") == true)
    #expect(message(.kubernetes) { $0.loops = 2 }?.hasPrefix("--loops must be 1") == true)
  }

  @Test func fillCountsItsOwnRequests() {
    var configuration = Configuration()
    configuration.workload = .fill
    configuration.keySpace = 1001
    configuration.transactionOperations = 100
    #expect(configuration.totalOperations == 11)
  }
}
