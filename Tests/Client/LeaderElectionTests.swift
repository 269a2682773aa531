import ClientSupport
import Exchange
import Objects
import Synchronization
import Testing

@testable import Client

private let start = Timestamp(seconds: 1_767_225_600)
private let text: JSON = "2026-01-01T00:00:00.000000Z"

private func spec(_ holder: String, transitions: Int64 = 0, renewed: JSON = text) -> JSON {
  [
    "holderIdentity": .string(holder), "leaseDurationSeconds": 15, "acquireTime": text, "renewTime": renewed,
    "leaseTransitions": .integer(transitions),
  ]
}

@Suite struct LeaderElectionTests {
  @Test func `a lease is taken when there is none or nobody renews it`() {
    var lease = LeaderLease(
      identity: "me", key: ObjectKey(namespace: "s", name: "l"), duration: .seconds(15))
    #expect(
      lease.step(nil, now: start, uptime: .zero)
        == .create([
          "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
          "metadata": ["name": "l", "namespace": "s"], "spec": spec("me"),
        ]))
    #expect(lease.step(["spec": spec("other")], now: start, uptime: .seconds(1)) == .wait)
    let renewed: JSON = ["spec": spec("other", renewed: "2026-01-01T00:00:07.000000Z")]
    #expect(lease.step(renewed, now: start, uptime: .seconds(10)) == .wait)
    #expect(lease.step(renewed, now: start, uptime: .seconds(24)) == .wait)
    #expect(
      lease.step(renewed, now: start, uptime: .seconds(25)) == .update(["spec": spec("me", transitions: 1)]))
    #expect(
      lease.step(["spec": spec("")], now: start, uptime: .seconds(25))
        == .update(["spec": spec("me", transitions: 1)]))
    #expect(
      lease.step(["spec": spec("me", transitions: 4)], now: start, uptime: .seconds(26))
        == .update(["spec": spec("me", transitions: 4)]))
  }

  @Test func `one leads at a time and the lease is given back`() async throws {
    let server = FakeAPI()
    let client = APIClient(transport: server, userAgent: "test")
    let leases = try #require(
      Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases"))
    let leading = Leading()
    await withTaskGroup(of: Void.self) { group in
      for identity in ["a", "b", "c"] {
        group.addTask {
          let time = VirtualTime(isAutomatic: true)
          await LeaderElection(client: client, name: "l", identity: identity, time: time).run {
            leading.begin()
            leading.end()
          }
        }
      }
    }
    #expect(leading.counts.total == 3)
    #expect(leading.counts.most == 1)
    #expect(server.object(leases, "kube-system", "l")?["spec", "holderIdentity"] == "")
  }

  @Test func `work ends when the lease cannot be renewed`() async throws {
    let server = FakeAPI()
    let time = VirtualTime()
    let client = APIClient(transport: server, userAgent: "test")
    let leading = Leading()
    let election = Task {
      await LeaderElection(client: client, name: "l", identity: "a", time: time).run {
        leading.begin()
        while !Task.isCancelled { await Task.yield() }
        leading.end()
      }
    }
    #expect(await eventually { leading.counts.now == 1 })
    server.intercept { _ in throw StatusError.unavailable("down") }
    #expect(
      await eventually {
        time.advance(by: .seconds(1))
        return leading.counts.now == 0
      })
    await election.value
    #expect(time.uptime >= .seconds(10))
  }
}

private final class Leading: Sendable {
  struct Counts {
    var now = 0
    var most = 0
    var total = 0
  }
  private let state = Mutex(Counts())
  var counts: Counts { state.withLock { $0 } }
  func begin() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
      state.total += 1
    }
  }
  func end() { state.withLock { $0.now -= 1 } }
}
