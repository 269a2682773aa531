@testable import HTTP
import Testing

@Suite struct ShownChainsTests {
  @Test func `what led from a certificate to its authority is known again`() {
    let chains = ShownChains(limit: 2)
    #expect(chains.chain(of: [1]) == [[1]])
    chains.note([[1], [10]])
    chains.note([[2], [20], [21]])
    chains.note([[3]])
    #expect(chains.chain(of: [1]) == [[1], [10]])
    #expect(chains.chain(of: [2]) == [[2], [20], [21]])
    #expect(chains.chain(of: [3]) == [[3]])
    // The last one that was shown counts, and takes no further room.
    chains.note([[1], [11]])
    #expect(chains.chain(of: [1]) == [[1], [11]])
    #expect(chains.chain(of: [2]) == [[2], [20], [21]])
  }

  @Test func `the memory of chains is bounded`() {
    let chains = ShownChains(limit: 2)
    for first in UInt8(0)..<5 { chains.note([[first], [100]]) }
    #expect((UInt8(0)..<5).count { chains.chain(of: [$0]).count == 2 } == 1)
    #expect(chains.chain(of: [4]) == [[4], [100]])
  }
}
