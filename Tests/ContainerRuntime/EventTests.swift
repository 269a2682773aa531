import GRPC
import HTTP
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import ContainerRuntime

struct EventTests {
  private static func event(_ id: String, _ kind: Runtime_V1_ContainerEventType) -> ByteBuffer {
    let message = Runtime_V1_ContainerEventResponse.with {
      $0.containerID = id
      $0.containerEventType = kind
      $0.createdAt = 7
    }
    let bytes: [UInt8] = (try? message.serializedBytes()) ?? []
    return ByteBuffer(bytes: bytes)
  }

  private static func serve(
    _ log: FakeRuntime.Log = FakeRuntime.Log(), _ start: @escaping @Sendable (ServerCall) -> Void
  ) async throws -> FakeRuntime {
    try await FakeRuntime(
      log: log,
      [
        "RuntimeService/GetContainerEvents": .stream { call in
          call.onCancel = { log.add("cancelled") }
          call.onHalfClose = { start(call) }
        }
      ])
  }

  /// Reads to the end: the events, and what ended them.
  private static func read(_ client: CRIClient) async -> ([ContainerEvent], RuntimeError?) {
    var events: [ContainerEvent] = []
    do {
      for try await event in client.containerEvents() { events.append(event) }
      return (events, nil)
    } catch {
      return (events, error as? RuntimeError)
    }
  }

  @Test func `events come in order, and kinds of the future are skipped`() async throws {
    let runtime = try await Self.serve { call in
      call.send(Self.event("a", .containerCreatedEvent))
      call.send(Self.event("a", .UNRECOGNIZED(99)))
      call.send(Self.event("a", .containerStartedEvent))
      call.send(Self.event("a", .containerStoppedEvent))
      call.send(Self.event("a", .containerDeletedEvent))
      call.finish()
    }
    let (events, error) = await Self.read(runtime.client())
    let kinds: [ContainerEvent.Kind] = [.created, .started, .stopped, .deleted]
    #expect(events == kinds.map { ContainerEvent(containerID: "a", kind: $0, createdAt: 7) })
    #expect(error == RuntimeError(.unavailable, "the runtime ended the stream of events"))
  }

  @Test func `a runtime without events says so`() async throws {
    let runtime = try await FakeRuntime([:])
    let (events, error) = await Self.read(runtime.client())
    #expect(events.isEmpty)
    #expect(error?.code == .unimplemented)
  }

  @Test func `a runtime that dies ends the events`() async throws {
    let runtime = try await Self.serve { $0.send(Self.event("a", .containerStartedEvent)) }
    let client = runtime.client()
    let error = Mutex<RuntimeError?>(nil)
    do {
      for try await event in client.containerEvents() {
        #expect(event.kind == .started)
        try await runtime.kill()
      }
    } catch let ended as RuntimeError {
      error.withLock { $0 = ended }
    }
    #expect(error.withLock { $0 }?.code == .unavailable)
  }

  @Test func `a reader that falls too far behind is told`() async throws {
    let log = FakeRuntime.Log()
    let runtime = try await Self.serve(log) { call in
      for number in 0..<10 { call.send(Self.event("\(number)", .containerStartedEvent)) }
    }
    let client = runtime.client { $0.unreadEvents = 3 }
    let stream = client.containerEvents()
    await eventually("the stream is given up") { log.all == ["cancelled"] }
    var events: [String] = []
    do {
      for try await event in stream { events.append(event.containerID) }
      Issue.record("the stream ended without an error")
    } catch let error as RuntimeError {
      #expect(error.code == .resourceExhausted)
    }
    #expect(events == ["0", "1", "2"])
  }

  @Test func `a reader that leaves gives the stream up`() async throws {
    let log = FakeRuntime.Log()
    let runtime = try await Self.serve(log) { $0.send(Self.event("a", .containerStartedEvent)) }
    let client = runtime.client()
    let task = Task {
      for try await _ in client.containerEvents() { break }
    }
    try await task.value
    await eventually("the runtime hears of it") { log.all == ["cancelled"] }
  }

  @Test func `an event that is no message ends the stream`() async throws {
    let runtime = try await Self.serve { $0.send(ByteBuffer(bytes: [0x0A, 0xFF])) }
    let (events, error) = await Self.read(runtime.client())
    #expect(events.isEmpty)
    #expect(error?.code == .unknown)
  }

  @Test func `streams have a bound`() async throws {
    let runtime = try await Self.serve { $0.send(Self.event("a", .containerStartedEvent)) }
    let client = runtime.client { $0.eventStreams = 1 }
    let first = client.containerEvents()
    var iterator = first.makeAsyncIterator()
    #expect(try await iterator.next()?.containerID == "a")
    let (_, error) = await Self.read(client)
    #expect(error?.code == .resourceExhausted)
    client.close()
    let ended = await #expect(throws: RuntimeError.self) { try await iterator.next() }
    #expect(ended?.code == .cancelled)
  }
}
