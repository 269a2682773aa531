import NIOCore
import RaftKV
import Testing

@testable import Peers

struct PeerURLTests {
  @Test(arguments: [
    ("http://a.example:2380", false, "a.example", 2380), ("https://10.0.0.1:1", true, "10.0.0.1", 1),
    ("http://[::1]:99", false, "::1", 99), ("http://[fe80::1]", false, "fe80::1", 2380),
    ("https://host", true, "host", 2380), ("HTTP://host:0/", false, "host", 0),
  ])
  func urls(_ text: String, _ isSecure: Bool, _ host: String, _ port: Int) throws {
    let url = try PeerURL(text)
    #expect(url.isSecure == isSecure && url.host == host && url.port == port)
    #expect(try PeerURL(url.description) == url)
  }

  @Test(arguments: [
    "host:2380", "ftp://host:1", "http://", "http://:2380", "http://host:", "http://host:65536",
    "http://host:-1", "http://host:2x", "http://::1:2380", "http://[::1", "http://[::1]2380",
    "http://host:1/path", "http://user@host:1", "", "http://[]:1",
  ])
  func notURLs(_ text: String) {
    #expect(throws: StartError.self) { try PeerURL(text) }
  }
}

struct BackoffTests {
  @Test func stepsDoubleUpToTheBound() {
    var backoff = Backoff(minimum: .milliseconds(50), maximum: .seconds(2), seed: 1)
    var steps: [Int64] = []
    for _ in 0..<200 { steps.append(backoff.next().nanoseconds / 1_000_000) }
    #expect(steps.allSatisfy { (50...2000).contains($0) })
    #expect(steps[0] == 50 && steps[1] <= 100 && steps[2] <= 200)
    #expect(steps[10...].allSatisfy { $0 >= 1000 } && Set(steps[10...]).count > 50)
    backoff.reset()
    #expect(backoff.next() == .milliseconds(50))
  }
}

struct BoundedQueueTests {
  @Test func theOldestGivesWay() {
    var queue = BoundedQueue<Int>(maximumCount: 3, maximumBytes: 100, overflow: .dropsOldest)
    let dropped = (0..<5).reduce(0) { $0 + queue.append($1, bytes: 10) }
    #expect(dropped == 2 && queue.byteCount == 30)
    #expect(queue.append(5, bytes: 90) == 2)
    #expect(queue.take(maximumBytes: .max) == [4, 5])
    #expect(queue.isEmpty && queue.byteCount == 0)
  }

  @Test func theNewestGivesWay() {
    var queue = BoundedQueue<Int>(maximumCount: 3, maximumBytes: 100, overflow: .dropsNewest)
    #expect(queue.append(0, bytes: 1000) == 0)
    #expect(queue.append(1, bytes: 1) == 1)
    #expect(queue.take(maximumBytes: 1) == [0])
    let dropped = (0..<5).reduce(0) { $0 + queue.append($1, bytes: 10) }
    #expect(dropped == 2)
    #expect(queue.take(maximumBytes: 25) == [0, 1])
    #expect(queue.keepNewest(0) == 1)
    #expect(queue.byteCount == 0)
  }
}
