import ClientSupport
import Testing

@testable import Client

@Suite struct WorkQueueTests {
  @Test func `a key that waits is handed out once`() async {
    let queue = WorkQueue<String>()
    for key in ["a", "b", "a"] { queue.add(key) }
    #expect(await queue.next() == "a")
    #expect(await queue.next() == "b")
    #expect(queue.count == 0)
  }

  @Test func `a key that is looked at comes again only after it is done`() async {
    let queue = WorkQueue<String>()
    queue.add("a")
    #expect(await queue.next() == "a")
    queue.add("a")
    queue.add("b")
    #expect(queue.count == 1)
    #expect(await queue.next() == "b")
    queue.done("a")
    #expect(await queue.next() == "a")
    queue.done("a")
    #expect(queue.count == 0)
  }

  @Test func `who waits gets the next key and nothing when cancelled`() async {
    let queue = WorkQueue<Int>()
    let waiting = Task { await queue.next() }
    queue.add(1)
    #expect(await waiting.value == 1)
    let cancelled = Task { await queue.next() }
    cancelled.cancel()
    #expect(await cancelled.value == nil)
    queue.add(2)
    #expect(await queue.next() == 2)
  }

  @Test func `a queue that is shut down hands out what it has`() async {
    let queue = WorkQueue<Int>()
    queue.add(1)
    queue.shutDown()
    queue.add(2)
    #expect(await queue.next() == 1)
    #expect(await queue.next() == nil)
  }

  @Test func `keys come when they are due and the earliest time counts`() async {
    let time = VirtualTime()
    let queue = WorkQueue<String>(time: time)
    queue.addAfter("late", .seconds(3))
    queue.addAfter("early", .seconds(1))
    queue.addAfter("late", .seconds(2))
    queue.addAfter("late", .seconds(9))
    queue.addAfter("now", .zero)
    #expect(await queue.next() == "now")
    #expect(await eventually { time.sleeperCount == 1 })
    time.advance(by: .seconds(1))
    #expect(await queue.next() == "early")
    #expect(await eventually { time.sleeperCount == 1 })
    time.advance(by: .seconds(1))
    #expect(await queue.next() == "late")
    #expect(queue.count == 0)
  }

  @Test func `failures double the delay until they are forgotten`() {
    let queue = WorkQueue<String>(time: VirtualTime())
    #expect(
      [0, 1, 2, 10, 17, 18, 1000].map { queue.delay(afterFailures: $0) }
        == [
          .milliseconds(5), .milliseconds(10), .milliseconds(20), .milliseconds(5120),
          .milliseconds(655_360), .seconds(1000), .seconds(1000),
        ])
    queue.addRateLimited("a")
    queue.addRateLimited("a")
    #expect(queue.failures(of: "a") == 2)
    queue.forget("a")
    #expect(queue.failures(of: "a") == 0)
  }

  @Test func `all keys are looked at by workers side by side and never one twice at a time`() async {
    let queue = WorkQueue<Int>()
    let busy = Busy()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          while let key = await queue.next() {
            await busy.begin(key)
            await Task.yield()
            await busy.end(key)
            queue.done(key)
          }
        }
      }
      for round in 0..<2000 { queue.add(round % 50) }
      #expect(await eventually { await busy.seen == 50 && queue.count == 0 })
      group.cancelAll()
    }
    #expect(await busy.overlaps == 0)
  }
}

private actor Busy {
  private var keys: Set<Int> = []
  private var all: Set<Int> = []
  var overlaps = 0
  var seen: Int { all.count }
  func begin(_ key: Int) {
    all.insert(key)
    if !keys.insert(key).inserted { overlaps += 1 }
  }
  func end(_ key: Int) { keys.remove(key) }
}
