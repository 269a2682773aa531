import NIOCore
import Testing

@testable import Bench

@Suite struct WatchMessageTests {
  private func keyValue(key: String, mod: Int64, value: [UInt8]) -> ProtobufMessage {
    .make {
      $0.add(1, key)
      $0.add(2, 3 as Int64)
      $0.add(3, mod)
      $0.add(4, 300 as Int64)
      $0.add(5, ByteBuffer(bytes: value))
    }
  }

  private func response(_ events: [ProtobufMessage]) -> ByteBuffer {
    ProtobufMessage.make { response in
      response.add(
        1,
        .make {
          $0.add(1, -1 as Int64)
          $0.add(3, 77 as Int64)
        })
      response.add(2, 5 as Int64)
      for event in events { response.add(11, event) }
    }.buffer
  }

  @Test func findsWhatEventsSay() throws {
    let stamp: [UInt8] = [0, 0, 0, 0, 0, 0, 1, 2]
    let message = response([
      .make { $0.add(2, keyValue(key: "a", mod: 70, value: stamp + [9, 9])) },
      .make {
        $0.add(1, 1 as Int64)
        $0.add(2, .make { $0.add(3, 71 as Int64) })
        $0.add(3, keyValue(key: "a", mod: 70, value: stamp))
      },
      .make { $0.add(2, keyValue(key: "b", mod: 72, value: [1, 2, 3])) },
    ])
    var events: [WatchResponse.Event] = []
    var watchers: [Int64] = []
    let found = try #require(
      WatchResponse(message) { watcher, event in
        watchers.append(watcher)
        events.append(event)
      })
    #expect(found.revision == 77)
    #expect(found.watchID == 5)
    #expect(found.eventCount == 3)
    #expect(watchers == [5, 5, 5])
    #expect(events.map(\.modRevision) == [70, 71, 72])
    #expect(events.map(\.isDeletion) == [false, true, false])
    #expect(events.map(\.stamp) == [258, nil, nil])
  }

  @Test func findsTheStampAtItsPlace() throws {
    let message = response([
      .make { $0.add(2, keyValue(key: "a", mod: 1, value: [7, 0, 0, 0, 0, 0, 0, 0, 3])) }
    ])
    var stamps: [UInt64?] = []
    for offset in 0...2 { _ = WatchResponse(message, stampOffset: offset) { stamps.append($1.stamp) } }
    #expect(stamps == [0x0700_0000_0000_0000, 3, nil])
  }

  @Test func readsAnswersWithoutEvents() throws {
    let message = ProtobufMessage.make {
      $0.add(1, ProtobufMessage())
      $0.add(2, -1 as Int64)
      $0.add(3, true)
      $0.add(4, true)
      $0.add(5, 12 as Int64)
      $0.add(6, "why not")
    }.buffer
    let found = try #require(WatchResponse(message) { _, _ in Issue.record("there is no event") })
    #expect(found.watchID == -1)
    #expect(found.isCreated)
    #expect(found.isCanceled)
    #expect(found.compactRevision == 12)
    #expect(found.cancelReason == "why not")
  }

  @Test func everyCutIsMalformedOrShorter() {
    let message = response([
      .make { $0.add(2, keyValue(key: "abc", mod: 70, value: Array(repeating: 1, count: 20))) }
    ])
    for length in 0..<message.readableBytes {
      let cut = message.getSlice(at: message.readerIndex, length: length)
      #expect(WatchResponse(cut ?? ByteBuffer()) { _, _ in }?.eventCount ?? 0 == 0)
    }
  }

  @Test("noise never ends the process", arguments: 0..<20)
  func noise(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    for _ in 0..<500 {
      let bytes = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next() >> 7) }
      let message = ByteBuffer(bytes: bytes)
      _ = WatchResponse(message, stampOffset: 4) { _, _ in }
      _ = ListPage(message)
      _ = GuardedAnswer(message)
      _ = LeaseMessage.lease(in: message)
      var scanner = ListScanner(isStreamed: seed.isMultiple(of: 2))
      message.withUnsafeReadableBytes { scanner.scan($0) }
    }
  }

  @Test func asksForWhatWasSet() throws {
    var request = WatchRequest(key: ByteBuffer(string: "a/"), rangeEnd: ByteBuffer(string: "a0"))
    (request.startRevision, request.progressNotify, request.previousKeyValue, request.id) = (
      9, true, true, 300
    )
    let create = try ProtobufFields(
      ByteBuffer(bytes: try #require(ProtobufFields(request.message).bytes(1))))
    #expect(create.bytes(1) == Array("a/".utf8))
    #expect(create.bytes(2) == Array("a0".utf8))
    #expect(create.varint(3) == 9)
    #expect(create.varint(4) == 1)
    #expect(create.varint(6) == 1)
    #expect(create.varint(7) == 300)
    #expect(try ProtobufFields(WatchRequest.progress).bytes(3) == [])
    #expect(try ProtobufFields(WatchRequest.cancel(id: 4)).bytes(2) == [8, 4])
  }
}

@Suite struct WatcherTableTests {
  private func event(_ revision: Int64, stamp: UInt64? = nil) -> WatchResponse.Event {
    WatchResponse.Event(isDeletion: false, modRevision: revision, stamp: stamp)
  }

  @Test func countsWhatIsOwed() {
    var table = WatcherTable(sharesRevisions: false)
    let numbers = [table.add(subject: 0), table.add(subject: 0), table.add(subject: 1)]
    let written = [0: 1, 1: 2, 7: 100]
    let before = table.isSatisfied(by: written)
    #expect(!before)
    #expect(table.tally.missing == 4)
    for (revision, watcher) in [(1, 0), (1, 1), (2, 2), (3, 2)] {
      table.receive(event(Int64(revision)), watcher: numbers[watcher], at: .uptimeNanoseconds(1))
    }
    let after = table.isSatisfied(by: written)
    #expect(after)
    #expect(table.tally.isClean)
    #expect(table.tally.delivered == 4)
  }

  @Test("an event twice or late is seen", arguments: [false, true])
  func order(sharesRevisions: Bool) {
    var table = WatcherTable(sharesRevisions: sharesRevisions)
    let watcher = table.add(subject: 0)
    for revision in [1, 2, 2, 5, 3] as [Int64] {
      table.receive(event(revision), watcher: watcher, at: .uptimeNanoseconds(1))
    }
    #expect(table.tally.outOfOrder == (sharesRevisions ? 1 : 2))
    #expect(!table.tally.isClean)
  }

  @Test func measuresFromTheStamp() {
    var table = WatcherTable(sharesRevisions: false)
    let watcher = table.add(subject: 0)
    table.receive(event(1, stamp: 1_000_000), watcher: watcher, at: .uptimeNanoseconds(3_000_000))
    // Noise in the place of a time is no latency.
    table.receive(event(2, stamp: .max), watcher: watcher, at: .uptimeNanoseconds(4_000_000))
    #expect(table.tally.latencies.count == 1)
    #expect(abs(table.tally.latencies.summary.max - 2) < 0.01)
  }

  @Test func aLedgerIsKnownAfterItsLastLoop() {
    let ledger = DeliveryLedger(loops: 2)
    ledger.add([0: 1, 3: 2])
    #expect(ledger.total == nil)
    ledger.add([3: 5])
    #expect(ledger.total == [0: 1, 3: 7])
  }
}
