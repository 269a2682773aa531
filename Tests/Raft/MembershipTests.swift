import Raft
import Testing

struct MembershipTests {
  @Test func aChangeSurvivesItsEncoding() {
    let changes = [
      MembershipChange(steps: []),
      MembershipChange(steps: [.addVoter(.max)], context: [1, 2, 3]),
      MembershipChange(steps: [.addLearner(7), .remove(1 << 40), .addVoter(2)], staysJoint: true),
    ]
    for change in changes { #expect(MembershipChange(decoding: change.encoded) == change) }
  }

  @Test func bytesThatAreNoChangeAreRefused() {
    let good = MembershipChange(steps: [.addVoter(5), .remove(6)]).encoded
    for length in 0..<good.count { #expect(MembershipChange(decoding: Array(good[..<length])) == nil) }
    for (place, value) in [(0, 2), (1, 2), (2, 65), (3, 9)] as [(Int, UInt8)] {
      var bad = good
      bad[place] = value
      #expect(MembershipChange(decoding: bad) == nil)
    }
  }

  @Test func oneVoterChangesAtOnceAndSeveralThroughAJointConfiguration() throws {
    let start = Membership(voters: [3, 1, 2], learners: [4])
    let one = try #require(start.applying(MembershipChange(steps: [.addVoter(4)])))
    #expect(one == Membership(voters: [1, 2, 3, 4]))

    let joint = try #require(
      start.applying(MembershipChange(steps: [.addVoter(4), .addLearner(1), .remove(2)])))
    #expect(joint.voters == [3, 4] && joint.outgoingVoters == [1, 2, 3])
    #expect(joint.learners == [] && joint.nextLearners == [1] && joint.leavesAutomatically)
    #expect(joint.applying(MembershipChange(steps: [.remove(3)])) == nil)
    #expect(joint.applying(MembershipChange(steps: [])) == Membership(voters: [3, 4], learners: [1]))
  }

  @Test func changesThatLeadNowhereAreRefused() {
    let start = Membership(voters: [1], learners: [2])
    #expect(start.applying(MembershipChange(steps: [])) == nil)
    #expect(start.applying(MembershipChange(steps: [.remove(1)])) == nil)
    #expect(start.applying(MembershipChange(steps: [.addLearner(1)])) == nil)
    #expect(start.applying(MembershipChange(steps: [.addVoter(0)])) == nil)
    let many = (1...65).map { MembershipChange.Step.addLearner(MemberID($0 + 10)) }
    #expect(start.applying(MembershipChange(steps: many)) == nil)
  }
}
