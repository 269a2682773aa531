import GRPC
import HTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Bench

/// Runs over sockets against a stand-in that counts what it is asked and answers as told.
@Suite struct WireRunTests {
  private final class StandIn: Sendable {
    private let putCounter: Counter
    private let rangeCounter: Counter
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let listener: Listener

    /// Answers puts with `answer(number)`, where they are numbered from 1; nil is never to answer.
    init(answer: @escaping @Sendable (Int) -> GRPCStatus?) throws {
      var router = Router()
      let (puts, ranges) = (Counter(), Counter())
      (self.putCounter, self.rangeCounter) = (puts, ranges)
      router.add(
        "/etcdserverpb.Maintenance/Status",
        .unary { call, _ in call.respond(ByteBuffer(bytes: [0x12, 3] + Array("9.8".utf8))) })
      router.add(
        "/etcdserverpb.KV/Put",
        .unary { call, _ in
          switch answer(puts.next()) {
          case .some(.ok): call.respond(ByteBuffer())
          case .some(let status): call.finish(status)
          case nil: break
          }
        })
      router.add(
        "/etcdserverpb.KV/Range",
        .unary { call, _ in
          // Every other answer holds one key-value, the rest none.
          call.respond(ByteBuffer(bytes: ranges.next().isMultiple(of: 2) ? [0x12, 0] : []))
        })
      listener = try Listener.bind(
        group: group, host: "127.0.0.1", port: 0, router: router,
        http: { _, eventLoop in
          eventLoop.makeSucceededFuture(
            HTTPResponse(status: 404, contentType: "text/plain", body: ByteBuffer()))
        }
      ).wait()
    }

    var putCount: Int { putCounter.value }
    var rangeCount: Int { rangeCounter.value }

    func close() {
      try? listener.close(deadline: .now()).wait()
      try? group.syncShutdownGracefully()
    }
  }

  private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
  }

  private func configuration(_ server: StandIn, _ change: (inout Configuration) -> Void) throws
    -> Configuration
  {
    var made = Configuration()
    made.endpoints = [try Endpoint("127.0.0.1:\(server.listener.port)")]
    made.operations = 1000
    made.clients = 20
    made.connections = 4
    change(&made)
    return made
  }

  @Test("each request is sent once, over any number of loops", arguments: [1, 2, 3])
  func closedLoop(loops: Int) throws {
    let server = try StandIn { _ in .ok }
    defer { server.close() }
    let report = try Benchmark.run(try configuration(server) { $0.loops = loops })
    #expect(server.putCount == 1000)
    #expect(report.succeeded == 1000)
    #expect(report.keysWritten == 1000)
    #expect(report.serverVersion == "9.8")
    #expect(report.isClean)
    #expect(report.latency.p50 > 0)
    #expect(report.latency.p50 <= report.latency.max)
  }

  @Test func failuresAreCountedByStatus() throws {
    let server = try StandIn { $0.isMultiple(of: 4) ? GRPCStatus(.resourceExhausted, "full") : .ok }
    defer { server.close() }
    let report = try Benchmark.run(try configuration(server) { _ in })
    #expect(report.succeeded == 750)
    #expect(report.failed == 250)
    #expect(report.failures == [.init(code: "RESOURCE_EXHAUSTED", message: "full", count: 250)])
    #expect(!report.isClean)
  }

  @Test func emptyReadsAreSeen() throws {
    let server = try StandIn { _ in .ok }
    defer { server.close() }
    let report = try Benchmark.run(try configuration(server) { $0.workload = .range })
    #expect(server.rangeCount == 1000)
    #expect(report.keysRead == 500)
    #expect(report.emptyReads == 500)
  }

  @Test func openLoopKeepsToItsRate() throws {
    let server = try StandIn { _ in .ok }
    defer { server.close() }
    let report = try Benchmark.run(
      try configuration(server) {
        $0.rate = 2000
        $0.operations = 200
      })
    #expect(server.putCount == 200)
    // The last request is due after 199 intervals of half a millisecond: it cannot have been sent before.
    #expect(report.elapsedSeconds >= 0.0995)
  }

  @Test("a duration ends a run without a number of requests")
  func duration() throws {
    let server = try StandIn { _ in .ok }
    defer { server.close() }
    let report = try Benchmark.run(
      try configuration(server) {
        $0.operations = nil
        $0.durationSeconds = 0.1
      })
    #expect(report.succeeded > 0)
    #expect(report.succeeded == server.putCount)
  }

  @Test func aServerThatNeverAnswersIsGivenUp() throws {
    let server = try StandIn { _ in nil }
    defer { server.close() }
    let report = try Benchmark.run(try configuration(server) { $0.stallSeconds = 0.2 })
    #expect(report.isStalled)
    #expect(report.unanswered == 20)
    #expect(report.succeeded == 0)
    #expect(!report.isClean)
  }

  @Test func aConnectionLostEndsTheRun() throws {
    let server = try StandIn { $0 <= 100 ? .ok : nil }
    let configuration = try configuration(server) { $0.stallSeconds = 60 }
    let closing = Task.detached {
      while server.putCount < 110 { try await Task.sleep(for: .milliseconds(1)) }
      server.close()
    }
    defer { closing.cancel() }
    let report = try Benchmark.run(configuration)
    #expect(report.clientsLost == 20)
    #expect(report.failed > 0)
    #expect(report.failures.allSatisfy { $0.code == "UNAVAILABLE" })
  }

  @Test func refusalNamesTheEndpoint() throws {
    let server = try StandIn { _ in .ok }
    let configuration = try configuration(server) { _ in }
    server.close()
    let error = #expect(throws: Benchmark.CannotStart.self) { try Benchmark.run(configuration) }
    #expect(error?.description.hasPrefix("cannot connect to \(configuration.endpoints[0])") == true)
  }

  @Test func aServerOfAnotherKindIsRefused() throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let listener = try Listener.bind(
      group: group, host: "127.0.0.1", port: 0, router: Router(),
      http: { _, eventLoop in
        eventLoop.makeSucceededFuture(
          HTTPResponse(status: 404, contentType: "text/plain", body: ByteBuffer()))
      }
    ).wait()
    defer { try? listener.close(deadline: .now()).wait() }
    var configuration = Configuration()
    configuration.operations = 1
    configuration.endpoints = [try Endpoint("127.0.0.1:\(listener.port)")]
    let error = #expect(throws: Benchmark.CannotStart.self) { try Benchmark.run(configuration) }
    #expect(error?.description.contains("does not answer as an etcd v3 server: UNIMPLEMENTED") == true)
  }
}
