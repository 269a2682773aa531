import NIOCore
import Testing

@testable import HTTP

@Suite struct PingPolicyTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  @Test func allowsPingsAtTheMinimumInterval() {
    var policy = PingPolicy(minimumInterval: .seconds(5))
    let allowed = (0..<100).map { policy.receivedPing(at: start + .seconds(5 * $0)) }
    #expect(allowed.allSatisfy { $0 })
  }

  @Test func theThirdStrikeEnds() {
    var policy = PingPolicy(minimumInterval: .seconds(5))
    let allowed = (0..<4).map { policy.receivedPing(at: start + .milliseconds($0)) }
    #expect(allowed == [true, true, true, false])
  }

  @Test func sendingWipesTheStrikes() {
    var policy = PingPolicy(minimumInterval: .seconds(5))
    let allowed = (0..<100).map { (index: Int64) in
      if index % 3 == 0 { policy.hasSentSinceLastPing = true }
      return policy.receivedPing(at: start + .milliseconds(index))
    }
    #expect(allowed.allSatisfy { $0 })
  }
}
