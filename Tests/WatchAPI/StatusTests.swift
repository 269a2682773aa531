import GRPC
import MVCC
import Proto

import Testing

@testable import RaftKV
@testable import WatchAPI

struct StatusTests {
  private let status = NodeStatus(
    clusterID: 1, memberID: 2, leader: 2, term: 5, committedIndex: 17, appliedIndex: 16, isLearner: false)

  private func response(_ status: NodeStatus, alarms: [Alarm] = []) -> Etcdserverpb_StatusResponse {
    Etcdserverpb_StatusResponse(
      status, header: ResponseHeader(clusterID: 1, memberID: 2, revision: 9, term: 5), alarms: alarms,
      size: 4096, sizeInUse: 1024, quota: 1 << 31)
  }

  @Test func fields() {
    let response = response(status)
    #expect(response.header.clusterID == 1)
    #expect(response.header.memberID == 2)
    #expect(response.header.revision == 9)
    #expect(response.header.raftTerm == 5)
    #expect(response.leader == 2)
    #expect(response.raftTerm == 5)
    #expect(response.raftIndex == 17)
    #expect(response.raftAppliedIndex == 16)
    #expect(response.dbSize == 4096)
    #expect(response.dbSizeInUse == 1024)
    #expect(response.dbSizeQuota == 1 << 31)
    #expect(response.errors == [])
    #expect(!response.isLearner)
    #expect(response.storageVersion == "3.6.0")
    #expect(!response.hasDowngradeInfo)
  }

  /// Clients parse it, and switch features on 3.6.
  @Test func versionIsThreeNumbersFromThreeSixOn() throws {
    let parts = try response(status).version.split(separator: ".").map { try #require(Int($0)) }
    #expect(parts.count == 3)
    #expect(parts[0] == 3)
    #expect(parts[1] >= 6)
  }

  @Test func errorsInEtcdsWords() {
    var leaderless = status
    leaderless.leader = 0
    #expect(
      response(leaderless, alarms: [Alarm(member: 2, kind: .noSpace), Alarm(member: 3, kind: .corrupt)])
        .errors
        == ["etcdserver: no leader", "memberID:2 alarm:NOSPACE ", "memberID:3 alarm:CORRUPT "])
  }

  @Test func alarmQueriesGoByKindOnly() {
    var request = Etcdserverpb_AlarmRequest()
    request.memberID = 77
    #expect(request.matches(Alarm(member: 1, kind: .noSpace)))
    request.alarm = .corrupt
    #expect(!request.matches(Alarm(member: 77, kind: .noSpace)))
    #expect(request.matches(Alarm(member: 1, kind: .corrupt)))
  }

  @Test func members() {
    let member = Member(
      id: 7, name: "one", peerURLs: ["http://127.0.0.1:1"], clientURLs: ["http://127.0.0.1:2", "unix:x"],
      isLearner: true)
    let message = Etcdserverpb_Member(member)
    #expect(message.id == 7)
    #expect(message.name == "one")
    #expect(message.peerUrls == ["http://127.0.0.1:1"])
    #expect(message.clientUrls == ["http://127.0.0.1:2", "unix:x"])
    #expect(message.isLearner)
  }
}
