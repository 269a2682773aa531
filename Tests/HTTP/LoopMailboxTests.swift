import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTP

@Suite struct LoopMailboxTests {
  @Test func runsEverythingOnTheLoopInEachPostersOrder() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let mailbox = try await loop.submit { LoopMailbox.current(of: loop) }.get()
    let seen = (0..<4).map { _ in Notes<Int>() }
    await withTaskGroup(of: Void.self) { group in
      for poster in 0..<4 {
        group.addTask {
          for index in 0..<2_000 {
            mailbox.post {
              loop.assertInEventLoop()
              seen[poster].add(index)
            }
          }
        }
      }
    }
    // What was posted runs before what is submitted afterwards.
    try await loop.submit {}.get()
    for notes in seen { #expect(notes.all == Array(0..<2_000)) }
  }

  @Test func wakesTheLoopOnceForABatch() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let mailbox = try await loop.submit { LoopMailbox.current(of: loop) }.get()
    let order = Notes<String>()
    try await loop.submit {
      // The loop is busy here, so that the three posts find one wake-up pending; the submission behind the first runs
      // after all three.
      mailbox.post { order.add("a") }
      loop.execute { order.add("behind") }
      mailbox.post { order.add("b") }
      mailbox.post { order.add("c") }
    }.get()
    try await loop.submit {}.get()
    #expect(order.all == ["a", "b", "c", "behind"])
  }

  @Test func isOneForEachLoop() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let (first, second) = (group.next(), group.next())
    let ofFirst = try await first.submit { LoopMailbox.current(of: first) }.get()
    let again = try await first.submit { LoopMailbox.current(of: first) }.get()
    let ofSecond = try await second.submit { LoopMailbox.current(of: second) }.get()
    #expect(ofFirst === again)
    #expect(ofFirst !== ofSecond)
    try await group.shutdownGracefully()
  }
}

/// Values noted from any thread, in order.
private final class Notes<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  func add(_ value: Value) { values.withLock { $0.append(value) } }
  var all: [Value] { values.withLock { $0 } }
}
