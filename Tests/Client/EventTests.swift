import ClientSupport
import Exchange
import Objects
import Testing

@testable import Client

private let start = Timestamp(seconds: 1_767_225_600)

private func news(_ message: String, object: String = "p", reason: String = "Failed") -> EventNews {
  let object = EventNews.Object(apiVersion: "v1", kind: "Pod", namespace: "n", name: object, uid: "u")
  return EventNews(
    kind: EventNews.Kind(object: object, type: "Warning", reason: reason), message: message)
}

@Suite struct EventTests {
  @Test func `the same event again is counted`() {
    var correlator = EventCorrelator(component: "c", host: "h")
    guard case .create(let event) = correlator.take(news("m"), now: start, uptime: .zero) else {
      Issue.record("not made")
      return
    }
    #expect(
      event == [
        "apiVersion": "v1", "kind": "Event",
        "metadata": ["name": "p.18867251edfa0000", "namespace": "n"],
        "involvedObject": ["apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "n", "uid": "u"],
        "reason": "Failed", "message": "m", "source": ["component": "c", "host": "h"],
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1,
        "type": "Warning", "reportingComponent": "c", "reportingInstance": "h",
      ])
    #expect(
      correlator.take(news("m"), now: Timestamp(seconds: start.seconds + 5), uptime: .seconds(5))
        == .patch(
          namespace: "n", name: "p.18867251edfa0000", ["count": 2, "lastTimestamp": "2026-01-01T00:00:05Z"]))
  }

  @Test func `an object has 25 events at once and then one in five minutes`() {
    var correlator = EventCorrelator(component: "c", host: "")
    var sent = 0
    for _ in 0..<40 where correlator.take(news("m"), now: start, uptime: .zero) != .drop { sent += 1 }
    #expect(sent == 25)
    #expect(correlator.take(news("m"), now: start, uptime: .seconds(299)) == .drop)
    #expect(correlator.take(news("m"), now: start, uptime: .seconds(301)) != .drop)
    #expect(correlator.take(news("m", object: "q"), now: start, uptime: .seconds(301)) != .drop)
  }

  @Test func `many messages of one kind become one event`() {
    var correlator = EventCorrelator(component: "c", host: "")
    var outcomes: [EventCorrelator.Outcome] = []
    for number in 0..<12 { outcomes.append(correlator.take(news("m\(number)"), now: start, uptime: .zero)) }
    guard case .create(let combined) = outcomes[9], case .patch(_, _, let patch) = outcomes[11] else {
      Issue.record("\(outcomes[9]) \(outcomes[11])")
      return
    }
    #expect(combined["message"] == "(combined from similar events): m9")
    #expect(patch["message"] == "(combined from similar events): m11")
    #expect(patch["count"] == 3)
  }

  @Test func `events are sent and an event that the server has forgotten is made anew`() async throws {
    let server = FakeAPI()
    let recorder = EventRecorder(
      client: APIClient(transport: server, userAgent: "test"), component: "c", time: VirtualTime())
    let pods = try #require(Resource.builtIn(group: "", version: "v1", resource: "pods"))
    let events = try #require(Resource.builtIn(group: "", version: "v1", resource: "events"))
    let pod: JSON = ["metadata": ["name": "p", "namespace": "n"]]
    @Sendable func tell() {
      recorder.event(regarding: pod, resource: pods, type: "Normal", reason: "Scheduled", message: "m")
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await recorder.run() }
      tell()
      tell()
      #expect(await eventually { server.objects(events).first?["count"] == 2 })
      server.remove(events, "n", server.objects(events).first?["metadata", "name"]?.string ?? "")
      tell()
      #expect(await eventually { server.objects(events).first?["count"] == 1 })
      group.cancelAll()
    }
  }

  @Test func `a full queue drops and counts`() throws {
    let recorder = EventRecorder(
      client: APIClient(transport: FakeAPI(), userAgent: "test"), component: "c", time: VirtualTime())
    let pods = try #require(Resource.builtIn(group: "", version: "v1", resource: "pods"))
    for _ in 0..<(ClientLimits.waitingEvents + 3) {
      recorder.event(regarding: [:], resource: pods, type: "Normal", reason: "r", message: "m")
    }
    #expect(recorder.droppedCount == 3)
  }

  @Test func `a cache forgets what was not used for longest`() {
    var cache = RecentCache<Int, Int>(capacity: 4)
    for key in 0..<100 {
      cache[key] = key
      #expect(cache[0] == 0)
      #expect(cache.count <= 4)
    }
    #expect(cache[99] == 99)
    #expect(cache[50] == nil)
  }
}
