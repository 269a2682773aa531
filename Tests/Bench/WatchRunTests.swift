import GRPC
import HTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Bench

/// Watch runs over sockets against a stand-in that keeps no data: each put is an event, told once to each watcher,
/// or as told to misbehave.
@Suite struct WatchRunTests {
  private enum Behaviour: Sendable {
    case proper
    /// Every event goes out twice.
    case repeating
    /// Watchers are refused.
    case refusing
    /// Every other put is not told.
    case forgetful
  }

  /// Belongs to the one event loop that serves everything.
  private final class Watchers {
    var calls: [(call: ServerCall, id: Int64, key: [UInt8])] = []
    var revision: Int64 = 1
  }

  private struct StandIn {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let listener: Listener

    init(_ behaviour: Behaviour) throws {
      let watchers = NIOLoopBoundBox.makeEmptyBox(valueType: Watchers.self, eventLoop: group.next())
      try group.next().submit { watchers.value = Watchers() }.wait()
      var router = Router()
      router.add(
        "/etcdserverpb.Maintenance/Status",
        .unary { call, _ in call.respond(ByteBuffer(bytes: [0x12, 3] + Array("9.8".utf8))) })
      router.add(
        "/etcdserverpb.KV/Put",
        .unary { call, message in
          guard let state = watchers.value, let put = try? ProtobufFields(message), let key = put.bytes(1)
          else {
            call.finish(GRPCStatus(.invalidArgument, "malformed"))
            return
          }
          state.revision += 1
          let header = ProtobufMessage.make { $0.add(3, state.revision) }
          if behaviour != .forgetful || state.revision.isMultiple(of: 2) {
            for watcher in state.calls where watcher.key == key || watcher.key == [UInt8(ascii: "0")] {
              let event = WatchRunTests.event(key, put.bytes(2) ?? [], state.revision)
              let response = ProtobufMessage.make {
                $0.add(1, header)
                $0.add(2, watcher.id)
                $0.add(11, event)
              }
              watcher.call.send(response.buffer)
              if behaviour == .repeating { watcher.call.send(response.buffer) }
            }
          }
          call.respond(ProtobufMessage.make { $0.add(1, header) }.buffer)
        })
      router.add(
        "/etcdserverpb.Watch/Watch",
        .stream { call in
          call.sendHeaders()
          call.onMessage = { message in
            guard let state = watchers.value, let request = try? ProtobufFields(message),
              let create = request.bytes(1), let fields = try? ProtobufFields(ByteBuffer(bytes: create))
            else { return }
            let id = Int64(fields.varint(7) ?? 0)
            state.calls.append((call, id, fields.bytes(1) ?? []))
            call.send(
              ProtobufMessage.make {
                $0.add(2, id)
                $0.add(3, true)
                $0.add(4, behaviour == .refusing)
                $0.add(6, behaviour == .refusing ? "not today" : "")
              }.buffer)
          }
        })
      listener = try Listener.bind(
        group: group, host: "127.0.0.1", port: 0, router: router,
        http: { _, eventLoop in
          eventLoop.makeSucceededFuture(
            HTTPResponse(status: 404, contentType: "text/plain", body: ByteBuffer()))
        }
      ).wait()
    }

    func close() {
      try? listener.close(deadline: .now()).wait()
      try? group.syncShutdownGracefully()
    }
  }

  private static func event(_ key: [UInt8], _ value: [UInt8], _ revision: Int64) -> ProtobufMessage {
    let keyValue = ProtobufMessage.make {
      $0.add(1, ByteBuffer(bytes: key))
      $0.add(3, revision)
      $0.add(5, ByteBuffer(bytes: value))
    }
    return .make { $0.add(2, keyValue) }
  }

  private func run(
    _ behaviour: Behaviour, _ workload: Configuration.Workload, _ change: (inout Configuration) -> Void
  )
    throws -> Report
  {
    let server = try StandIn(behaviour)
    defer { server.close() }
    var configuration = Configuration(defaultsOf: workload)
    configuration.endpoints = [try Endpoint("127.0.0.1:\(server.listener.port)")]
    configuration.operations = 200
    configuration.clients = 6
    configuration.connections = 3
    configuration.watchers = 10
    change(&configuration)
    return try Benchmark.run(configuration)
  }

  @Test("every watcher gets every put", arguments: [1, 3])
  func fanOut(loops: Int) throws {
    let report = try run(.proper, .watch) { $0.loops = loops }
    #expect(report.isClean, "\(report.text)")
    #expect(report.succeeded == 200)
    #expect(report.events?.watchers == 10)
    #expect(report.events?.delivered == 2000)
    #expect(report.events?.latencies.count == 2000)
  }

  @Test func watchersOfKeys() throws {
    let report = try run(.proper, .watch) {
      $0.watchMode = .key
      $0.keySpace = 5
      $0.loops = 2
    }
    #expect(report.isClean, "\(report.text)")
    // Ten watchers of five keys: each put is an event for two of them.
    #expect(report.events?.delivered == 400)
  }

  @Test func eventsThatComeTwiceAreSeen() throws {
    let report = try run(.repeating, .watch) { $0.operations = 20 }
    #expect((report.events?.outOfOrder ?? 0) > 0)
    #expect(!report.isClean)
  }

  @Test func eventsThatNeverComeAreSeen() throws {
    let report = try run(.forgetful, .watch) {
      $0.operations = 20
      $0.stallSeconds = 0.3
    }
    #expect(report.isStalled)
    #expect(report.events?.missing == 100)
    #expect(!report.isClean)
  }

  @Test func aRefusedWatchIsNamed() throws {
    let error = #expect(throws: Benchmark.CannotStart.self) { try run(.refusing, .watch) { _ in } }
    #expect(error?.description == "the server refuses to watch: not today")
  }

  @Test func latencyWaitsForTheEvent() throws {
    let report = try run(.proper, .watchLatency) { _ in }
    #expect(report.isClean, "\(report.text)")
    #expect(report.succeeded == 200)
    #expect(report.events?.delivered == 200)
    let silent = try run(.forgetful, .watchLatency) { $0.stallSeconds = 0.3 }
    #expect(silent.isStalled)
    #expect(silent.unanswered == 6)
  }
}
