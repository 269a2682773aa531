import Client
import ClientSupport
import Exchange
import Objects
import Testing

@testable import KubeletServer

struct APIAccessTests {
  private let api = FakeAPI()
  private let time = VirtualTime()

  private func access(allowsAnonymous: Bool = false, limits: KubeletServerLimits = KubeletServerLimits())
    -> APIAccess
  {
    APIAccess(
      client: APIClient(transport: api, userAgent: "test"), nodeName: "n1", allowsAnonymous: allowsAnonymous,
      limits: limits, time: time
    ) { chain in chain == [[1]] ? UserInfo(name: "apiserver", groups: ["masters"]) : nil }
  }

  /// The API server knows the token `good` of jane, who may get `nodes/metrics`.
  private func answer() {
    api.intercept { request in
      let body = try JSON.parse(request.body)
      let status: JSON
      if request.path.hasSuffix("/tokenreviews") {
        status =
          body["spec", "token"] == "good"
          ? ["authenticated": true, "user": ["username": "jane", "groups": ["team"]]] : ["error": "no"]
      } else {
        let asked = body["spec", "resourceAttributes"]
        status = ["allowed": .boolean(asked?["subresource"] == "metrics" && asked?["name"] == "n1")]
      }
      return APIResponse(
        status: 201, contentType: "application/json", bytes: (["status": status] as JSON).serialized())
    }
  }

  @Test func `callers are the owners of certificates and tokens`() async {
    answer()
    let access = access()
    let group = "system:authenticated"
    #expect(
      await access.user(certificates: [[1]], token: nil)
        == UserInfo(name: "apiserver", groups: ["masters", group]))
    #expect(
      await access.user(certificates: [[2]], token: "good")
        == UserInfo(name: "jane", groups: ["team", group]))
    #expect(await access.user(certificates: [], token: "bad") == nil)
    #expect(await access.user(certificates: [], token: nil) == nil)
    #expect(await self.access(allowsAnonymous: true).user(certificates: [], token: nil) == .anonymous)
    #expect(await self.access(allowsAnonymous: true).user(certificates: [[2]], token: nil) == nil)
    #expect(await access.user(certificates: [], token: String(repeating: "x", count: 20_000)) == nil)
  }

  @Test func `answers are remembered for their time`() async throws {
    answer()
    let access = access()
    let jane = UserInfo(name: "jane")
    let metrics = NodePermission(method: "GET", path: "/metrics")
    let pods = NodePermission(method: "GET", path: "/pods")
    for _ in 0..<3 {
      #expect(try await access.allows(jane, metrics))
      #expect(try await !access.allows(jane, pods))
      #expect(await access.user(certificates: [], token: "good") != nil)
    }
    // One each for the token and metrics, two for pods.
    #expect(api.requests.count == 4)
    time.advance(by: .seconds(31))
    #expect(try await !access.allows(jane, pods))
    #expect(try await access.allows(jane, metrics))
    #expect(api.requests.count == 6)
    time.advance(by: .seconds(90))
    #expect(try await access.allows(jane, metrics))
    #expect(api.requests.count == 7)
  }

  @Test func `nothing is remembered of an API server that is away`() async throws {
    api.intercept { _ in throw StatusError.unavailable("away") }
    let access = access()
    #expect(await access.user(certificates: [], token: "good") == nil)
    let permission = NodePermission(method: "GET", path: "/metrics")
    await #expect(throws: StatusError.self) { try await access.allows(UserInfo(name: "jane"), permission) }
    answer()
    #expect(await access.user(certificates: [], token: "good") != nil)
    #expect(try await access.allows(UserInfo(name: "jane"), permission))
  }

  @Test func `a cache forgets rather than grows`() {
    var cache = TimedCache<Int, Int>(capacity: 3)
    for key in 0..<3 { cache.insert(key, key, until: .seconds(key + 1), now: .zero) }
    cache.insert(3, 3, until: .seconds(9), now: .seconds(1))
    #expect(cache.count == 3 && cache.value(of: 0, now: .zero) == nil && cache.value(of: 1, now: .zero) == 1)
    cache.insert(4, 4, until: .seconds(9), now: .seconds(1))
    #expect(
      cache.count == 1 && cache.value(of: 4, now: .seconds(8)) == 4
        && cache.value(of: 4, now: .seconds(9)) == nil)
  }
}
