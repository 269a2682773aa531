import NIOCore
import Testing

@testable import HTTP

@Suite struct TokenBucketTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  @Test func givesABurstAndNoMore() {
    var bucket = TokenBucket(burst: 5, perSecond: 10)
    let taken = (0..<8).map { _ in bucket.take(at: start) }
    #expect(taken == [true, true, true, true, true, false, false, false])
  }

  @Test func refillsAtItsRateAndNotBeyondTheBurst() {
    var bucket = TokenBucket(burst: 3, perSecond: 10)
    let taken = [0, 0, 0, 99, 100, 150, 200].map { bucket.take(at: start + .milliseconds($0)) }
    #expect(taken == [true, true, true, false, true, false, true])
    let later = (0..<4).map { _ in bucket.take(at: start + .hours(1)) }
    #expect(later == [true, true, true, false])
  }
}
