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

  @Test func fillCountsItsOwnRequests() {
    var configuration = Configuration()
    configuration.workload = .fill
    configuration.keySpace = 1001
    configuration.transactionOperations = 100
    #expect(configuration.totalOperations == 11)
  }
}
