import Foundation
import GRPC
import MVCC
import Proto
import RaftKV
import SwiftProtobuf
import Synchronization
import Testing

@testable import WatchAPI

/// The Watch service over sockets and a real store. Answers were compared with those of etcd.
struct WatchServiceTests {
  private func put(_ server: TestServer, _ key: String, _ value: String = "v") async throws {
    _ = try await server.put(
      .with {
        $0.key = Data(key.utf8)
        $0.value = Data(value.utf8)
      })
  }

  private func delete(_ server: TestServer, _ key: String, _ end: String = "") async throws {
    _ = try await server.delete(
      .with {
        $0.key = Data(key.utf8)
        $0.rangeEnd = Data(end.utf8)
      })
  }

  private func text(_ event: Mvccpb_Event) -> String {
    let kind = event.type == .put ? "+" : "-"
    let before = event.hasPrevKv ? "<\(String(decoding: event.prevKv.value, as: UTF8.self))" : ""
    return kind + String(decoding: event.kv.key, as: UTF8.self) + "="
      + String(decoding: event.kv.value, as: UTF8.self) + before + "@\(event.kv.modRevision)"
  }

  @Test func createdComesFirstAndEventsFollow() async throws {
    try await TestServer.run { (server) async throws in
      try await put(server, "a", "0")
      let client = try await WatchClient.open(server)
      try client.create("a")
      let created = try await client.next()
      #expect(created.created && !created.canceled && created.watchID == 0 && created.events.isEmpty)
      #expect(created.header.clusterID == TestNode.clusterID && created.header.memberID == TestNode.id)
      #expect(created.header.revision == 2 && created.header.raftTerm == 4)

      try await put(server, "a", "1")
      try await put(server, "b", "1")
      try await delete(server, "a")
      let first = try await client.next()
      #expect(first.watchID == 0 && !first.created && first.header.revision == 3)
      #expect(first.events.map(text) == ["+a=1@3"])
      #expect(first.events[0].kv.createRevision == 2 && first.events[0].kv.version == 2)
      let second = try await client.next()
      #expect(second.header.revision == 5)
      // A delete tells the key and when, nothing else.
      #expect(
        second.events == [
          .with {
            $0.type = .delete
            $0.kv.key = Data("a".utf8)
            $0.kv.modRevision = 5
          }
        ])
    }
  }

  @Test func aRangeIsASingleKeyABoundOrEverythingFrom() async throws {
    try await TestServer.run { (server) async throws in
      for (key, end, expected) in [
        ("b", "", ["+b=v@3"]),
        ("b", "d", ["+b=v@3", "+c=v@4"]),
        ("c", "\0", ["+c=v@4", "+d=v@5"]),
        ("", "\0", ["+a=v@2", "+b=v@3", "+c=v@4", "+d=v@5"]),
        ("", "c", ["+a=v@2", "+b=v@3"]),
      ] {
        if try await server.range(.with { $0.key = Data("a".utf8) }).count == 0 {
          for key in ["a", "b", "c", "d"] { try await put(server, key) }
        }
        let client = try await WatchClient.open(server)
        try client.create(key, end, from: 1)
        #expect(try await client.next().created)
        let response = try await client.next()
        #expect(response.events.map(text) == expected, "\(key) to \(end)")
        #expect(response.header.revision == 5)
        client.cancelCall()
      }
    }
  }

  @Test func requestsThatCannotBeAreAnsweredOnTheStream() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("a") { $0.watchID = 5 }
      #expect(try await client.next().watchID == 5)
      let emptyRange = "mvcc: watcher range is empty"
      let cases: [(String, String, Int64, Int64, String)] = [
        ("b", "a", 0, 0, emptyRange),
        ("b", "b", 0, 0, emptyRange),
        ("a", "", 0, 5, "mvcc: duplicate watch ID provided on the WatchStream"),
        ("a", "", -1, 0, "etcdserver: mvcc: required revision has been compacted"),
        ("a", "", .min, 0, "etcdserver: mvcc: required revision has been compacted"),
      ]
      for (key, end, start, id, reason) in cases {
        try client.create(key, end, from: start) { $0.watchID = id }
        let response = try await client.next()
        #expect(response.created && response.canceled && response.watchID == -1, "\(reason)")
        #expect(response.cancelReason == reason)
        #expect(response.compactRevision == 0 && response.header.revision == 1)
      }
      // Nothing of that disturbed the stream; ids that were not used up are given next.
      try client.create("z")
      #expect(try await client.next().watchID == 0)
      try await put(server, "a")
      #expect(try await client.next().watchID == 5)
    }
  }

  @Test func idsAreGivenAroundThoseInUse() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      for (wanted, got) in [(0, 0), (1, 1), (2, 2), (0, 3), (7, 7), (-3, -3), (0, 4)] as [(Int64, Int64)] {
        try client.create("a") { $0.watchID = wanted }
        #expect(try await client.next().watchID == got)
      }
    }
  }

  @Test func cancelIsAnsweredAndAnUnknownOneIsNot() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("a")
      try client.create("a")
      try client.cancel(17)
      try client.cancel(0)
      try client.cancel(0)
      client.send(bytes: [])
      #expect(try await client.next().created)
      #expect(try await client.next().created)
      let answer = try await client.next()
      #expect(answer.canceled && !answer.created && answer.watchID == 0 && answer.cancelReason.isEmpty)
      try await put(server, "a")
      #expect(try await client.next().watchID == 1)
      try client.create("a") { $0.watchID = 1 }
      #expect(try await client.next().watchID == -1)
    }
  }

  @Test func filtersAndPreviousValues() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("a") { $0.prevKv = true }
      try client.create("a") { $0.filters = [.noput] }
      try client.create("a") {
        $0.filters = [.nodelete]
        $0.prevKv = true
      }
      try client.create("a") { $0.filters = [.noput, .nodelete] }
      for _ in 0..<4 { #expect(try await client.next().created) }
      try await put(server, "a", "1")
      try await put(server, "a", "2")
      try await delete(server, "a")
      try await put(server, "a", "3")
      var texts: [Int64: [String]] = [:]
      // Two revisions of a watch may come in one response.
      while texts.values.reduce(0, { $0 + $1.count }) < 8 {
        let response = try await client.next()
        texts[response.watchID, default: []] += response.events.map(text)
      }
      #expect(
        texts == [
          0: ["+a=1@2", "+a=2<1@3", "-a=<2@4", "+a=3@5"], 1: ["-a=@4"],
          2: ["+a=1@2", "+a=2<1@3", "+a=3@5"],
        ])
      // The same as history, some of it from the checkpoint.
      try client.create("a", from: 1) { $0.prevKv = true }
      #expect(try await client.next().created)
      #expect(try await client.events(4).map(text) == texts[0])
    }
  }

  @Test func aTransactionIsOneResponse() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("k", "l")
      #expect(try await client.next().created)
      _ = try await server.transaction(
        .with { request in
          request.success = (0..<100).map { number in
            .with {
              $0.requestPut.key = Data("k\(number + 100)".utf8)
              $0.requestPut.value = Data(repeating: 1, count: 8_000)
            }
          }
        })
      let response = try await client.next()
      #expect(response.events.count == 100 && response.header.revision == 2)
      #expect(
        response.events.map { String(decoding: $0.kv.key, as: UTF8.self) } == (100..<200).map { "k\($0)" })
      // Later watchers read the same.
      let other = try await WatchClient.open(server)
      try other.create("k", "l", from: 2)
      _ = try await other.next()
      #expect(try await other.next().events == response.events)
    }
  }

  @Test func largeRevisionsAreSplitOnlyForThoseWhoAsk() async throws {
    var limits = EtcdLimits()
    limits.requestBytes = 200_000
    try await TestServer.run(limits) { (server) async throws in
      let value = String(repeating: "x", count: 100_000)
      for number in 0..<16 { try await put(server, "k\(number + 10)", value) }
      let client = try await WatchClient.open(server)
      for fragment in [true, false] {
        try client.create("k", "l") {
          $0.fragment = fragment
          $0.prevKv = true
        }
        #expect(try await client.next().created)
      }
      try await delete(server, "k", "l")
      var parts: [Int64: [WatchClient.Response]] = [:]
      while parts.values.joined().map(\.events.count).reduce(0, +) < 32 {
        let response = try await client.next()
        parts[response.watchID, default: []].append(response)
      }
      #expect(parts[1]?.count == 1 && parts[1]?[0].fragment == false)
      let fragments = try #require(parts[0])
      #expect(fragments.map(\.events.count) == [7, 7, 2])
      #expect(fragments.map(\.fragment) == [true, true, false])
      #expect(fragments.flatMap(\.events) == parts[1]?[0].events)
    }
  }

  @Test func progressIsTrueAndOnlyForThoseUpToDate() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      // Without watches nobody is told anything.
      try client.requestProgress()
      try client.create("a")
      #expect(try await client.next().created)
      try await put(server, "a")
      try await put(server, "b")
      try client.requestProgress()
      #expect(try await client.next().events.count == 1)
      let progress = try await client.next()
      #expect(progress.watchID == -1 && progress.events.isEmpty && progress.header.revision == 3)
      // A watch for the future holds it up, until the future is there.
      try client.create("a", from: 6)
      #expect(try await client.next().created)
      try client.requestProgress()
      try await put(server, "b")
      try await put(server, "b")
      try await put(server, "a")
      var ids: [Int64] = []
      for _ in 0..<2 { ids.append(try await client.next().watchID) }
      #expect(ids.sorted() == [0, 1])
      try client.requestProgress()
      #expect(try await client.next().header.revision == 6)
    }
  }

  @Test func progressComesOnTime() async throws {
    var limits = NodeLimits()
    limits.watchProgressMilliseconds = 20
    try await TestServer.run(node: limits) { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("a") { $0.progressNotify = true }
      #expect(try await client.next().created)
      let ticker = Task {
        while !Task.isCancelled {
          server.node.tick()
          try await Task.sleep(for: .milliseconds(2))
        }
      }
      defer { ticker.cancel() }
      let progress = try await client.next()
      #expect(progress.watchID == 0 && progress.events.isEmpty && !progress.created)
      #expect(progress.header.revision == 1)
    }
  }

  @Test func compactedHistoryEndsAWatch() async throws {
    try await TestServer.run { (server) async throws in
      for _ in 0..<5 { try await put(server, "a") }
      server.node.compact(to: 4)
      let client = try await WatchClient.open(server)
      try client.create("a", from: 3)
      #expect(try await client.next().created)
      let end = try await client.next()
      #expect(end.canceled && !end.created && end.watchID == 0 && end.compactRevision == 4)
      #expect(end.cancelReason.isEmpty && end.events.isEmpty)
      // At the compacted revision nothing is missing but what was there before it.
      try client.create("a", from: 4) { $0.prevKv = true }
      #expect(try await client.next().created)
      let events = try await client.events(3)
      #expect(events.map(\.hasPrevKv) == [false, true, true])
    }
  }

  @Test func tenThousandWatchesOnOneStream() async throws {
    var limits = NodeLimits()
    limits.watchRequestsPerStream = 100
    try await TestServer.run(node: limits) { (server) async throws in
      let client = try await WatchClient.open(server)
      for number in 0..<10_000 { try client.create(number % 2 == 0 ? "a" : "k\(number)") }
      for number in 0..<10_000 as Range<Int64> { #expect(try await client.next().watchID == number) }
      try await put(server, "a")
      try await put(server, "k77")
      var ids: [Int64] = []
      for _ in 0..<5_001 {
        let response = try await client.next()
        #expect(response.events.count == 1)
        ids.append(response.watchID)
      }
      #expect(ids.sorted() == (Array(stride(from: 0, to: 10_000, by: 2)) + [77]).sorted())
      client.cancelCall()
      #expect(await server.becomesTrue { $0.watchers.load(ordering: .relaxed) == 0 })
    }
  }

  /// The client's half of the stream may end while its watches go on (as with etcd); the end of the call frees all.
  @Test func theEndOfTheCallFreesItsWatches() async throws {
    try await TestServer.run { (server) async throws in
      let client = try await WatchClient.open(server)
      try client.create("a")
      client.halfClose()
      #expect(try await client.next().created)
      try await put(server, "a")
      #expect(try await client.next().events.count == 1)
      #expect(server.node.watches.metrics.watchers.load(ordering: .relaxed) == 1)
      client.cancelCall()
      #expect(
        await server.becomesTrue {
          $0.watchers.load(ordering: .relaxed) == 0 && $0.streams.load(ordering: .relaxed) == 0
        })
      let other = try await WatchClient.open(server)
      other.send(bytes: [0x0A, 0x05, 0x01])
      #expect(try await other.status().code == .internalError)
      #expect(await server.becomesTrue { $0.streams.load(ordering: .relaxed) == 0 })
    }
  }

  @Test func aClientThatInsistsOnALeaderIsRefusedWithoutOne() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.leader = 0 }
      var metadata = Metadata()
      metadata.add("hasleader", "true")
      let status = try await server.status {
        _ = try await server.call("/etcdserverpb.Watch/Watch", bytes: [], metadata: metadata)
      }
      #expect(status == EtcdError.noLeader.status)
    }
  }

  /// One client reads nothing while another reads all: the first costs its budget, and gets all of it in the end.
  @Test func aSlowReaderHoldsNobodyUp() async throws {
    var limits = NodeLimits()
    limits.watchStreamBytes = 256 << 10
    limits.watchReadingBytes = 64 << 10
    try await TestServer.run(node: limits) { (server) async throws in
      let slow = try await WatchClient.open(server)
      let fast = try await WatchClient.open(server)
      for client in [slow, fast] {
        try client.create("k", "l") { $0.prevKv = true }
        #expect(try await client.next().created)
      }
      slow.stopReading()
      let value = String(repeating: "x", count: 20_000)
      var seen: [Mvccpb_Event] = []
      for number in 0..<300 {
        try await put(server, "k\(number % 7)", "\(number)" + value)
        seen += try await fast.events(1)
      }
      #expect(await server.becomesTrue { $0.slowWatchers.load(ordering: .relaxed) == 1 })
      slow.goOnReading()
      #expect(try await slow.events(300) == seen)
      #expect(await server.becomesTrue { $0.pendingEvents.load(ordering: .relaxed) == 0 })
      try await put(server, "k")
      #expect(try await slow.events(1).count == 1)
      #expect(server.node.watches.metrics.slowWatchers.load(ordering: .relaxed) == 0)
    }
  }
}

extension TestServer {
  /// Waits until the watches' counts are as `condition` says.
  fileprivate func becomesTrue(_ condition: (WatchMetrics) -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(120)
    while !condition(node.watches.metrics) {
      if ContinuousClock.now > deadline { return false }
      try? await Task.sleep(for: .milliseconds(1))
    }
    return true
  }
}
