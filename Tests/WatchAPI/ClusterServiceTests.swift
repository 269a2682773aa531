import Foundation
import GRPC
import Proto
import SwiftProtobuf
import Testing

@testable import RaftKV
@testable import WatchAPI

/// Cluster, and handing leadership over: what reaches the member, and what comes back.
struct ClusterServiceTests {
  private let founder = Member(
    id: TestNode.id, name: "one", peerURLs: ["http://h:1"], clientURLs: ["http://h:2"], isLearner: false)

  private func run(_ body: (TestServer) async throws -> Void) async throws {
    try await TestServer.run { server in
      server.node.configure { $0.members = [founder] }
      try await body(server)
    }
  }

  private func add(
    _ server: TestServer, _ urls: [String], learner: Bool = false
  ) async throws -> Etcdserverpb_MemberAddResponse {
    try await server.call(
      "Cluster/MemberAdd",
      Etcdserverpb_MemberAddRequest.with { ($0.peerUrls, $0.isLearner) = (urls, learner) },
      Etcdserverpb_MemberAddResponse.self)
  }

  private func update(
    _ server: TestServer, _ id: UInt64, _ urls: [String]
  ) async throws -> Etcdserverpb_MemberUpdateResponse {
    try await server.call(
      "Cluster/MemberUpdate", Etcdserverpb_MemberUpdateRequest.with { ($0.id, $0.peerUrls) = (id, urls) },
      Etcdserverpb_MemberUpdateResponse.self)
  }

  private func moveLeader(_ server: TestServer, _ target: UInt64) async throws {
    let response = try await server.call(
      "Maintenance/MoveLeader", Etcdserverpb_MoveLeaderRequest.with { $0.targetID = target },
      Etcdserverpb_MoveLeaderResponse.self)
    #expect(!response.hasHeader)
  }

  @Test func list() async throws {
    try await run { (server) async throws in
      func list(_ linearizable: Bool) async throws -> Etcdserverpb_MemberListResponse {
        try await server.call(
          "Cluster/MemberList", Etcdserverpb_MemberListRequest.with { $0.linearizable = linearizable },
          Etcdserverpb_MemberListResponse.self)
      }
      let response = try await list(true)
      #expect(response.members.map(\.id) == [TestNode.id])
      #expect(response.members.map(\.name) == ["one"])
      #expect(response.header.clusterID == TestNode.clusterID)
      #expect(response.header.revision == 0)
      server.node.configure { $0.barrierFailure = .timeout }
      #expect(try await server.status { _ = try await list(true) } == EtcdError.timeout.status)
      #expect(try await list(false).members.count == 1)
    }
  }

  @Test func changes() async throws {
    try await run { (server) async throws in
      let added = try await add(server, [" https://i:2", "http://h:3"], learner: true)
      #expect(added.member.id == 101 && added.member.isLearner && added.member.name.isEmpty)
      #expect(added.member.peerUrls == ["http://h:3", "https://i:2"])
      #expect(added.members.map(\.id) == [TestNode.id, 101])
      #expect(added.header.clusterID == TestNode.clusterID && added.header.memberID == TestNode.id)
      #expect(added.header.raftTerm == 4 && added.header.revision == 0)

      let promoted = try await server.call(
        "Cluster/MemberPromote", Etcdserverpb_MemberPromoteRequest.with { $0.id = 101 },
        Etcdserverpb_MemberPromoteResponse.self)
      #expect(promoted.members.map(\.isLearner) == [false, false])
      let updated = try await update(server, 101, ["http://h:4"])
      #expect(updated.members.map(\.peerUrls) == [["http://h:1"], ["http://h:4"]])
      let removed = try await server.call(
        "Cluster/MemberRemove", Etcdserverpb_MemberRemoveRequest.with { $0.id = 101 },
        Etcdserverpb_MemberRemoveResponse.self)
      #expect(removed.members.map(\.id) == [TestNode.id])
      #expect(removed.header.clusterID == TestNode.clusterID)
      #expect(
        server.node.behaviour.changes == [
          "add http://h:3,https://i:2 true", "promote 101", "update 101 http://h:4", "remove 101",
        ])
    }
  }

  /// In etcd's words and codes.
  @Test(
    arguments: [
      (.membership(.idExists), .failedPrecondition, "etcdserver: member ID already exist"),
      (.membership(.peerURLExists), .failedPrecondition, "etcdserver: Peer URLs already exists"),
      (
        .membership(.notEnoughStarted), .unknown,
        "etcdserver: re-configuration failed due to not enough started members"
      ),
      (.membership(.notFound), .notFound, "etcdserver: member not found"),
      (.membership(.notLearner), .failedPrecondition, "etcdserver: can only promote a learner member"),
      (
        .membership(.learnerNotReady), .failedPrecondition,
        "etcdserver: can only promote a learner member which is in sync with leader"
      ),
      (
        .membership(.tooManyLearners), .failedPrecondition, "etcdserver: too many learner members in cluster"
      ),
      (.unhealthy, .unavailable, "etcdserver: unhealthy cluster"),
      (.noLeader, .unavailable, "etcdserver: no leader"),
      (.leaderChanged, .unavailable, "etcdserver: leader changed"),
      (.timeout, .unavailable, "etcdserver: request timed out"),
      (
        .leaderFailure, .unavailable, "etcdserver: request timed out, possibly due to previous leader failure"
      ),
    ] as [(NodeError, GRPCStatus.Code, String)])
  func refusals(_ error: NodeError, _ code: GRPCStatus.Code, _ text: String) async throws {
    try await run { (server) async throws in
      server.node.configure { $0.changeFailure = error }
      let status = try await server.status { _ = try await add(server, ["http://h:3"]) }
      #expect(status == GRPCStatus(code, text))
    }
  }

  @Test(
    arguments: [
      [], [""], ["http://h:1", ""], ["h:1"], ["http://h"], ["http://h:"], ["http://:1"], ["http://h:x"],
      ["http://h:65536"], ["http://h:1/"], ["http://h:1/x"], ["http://h:1?x"], ["http://h:1#x"],
      ["http://u@h:1"], ["ftp://h:1"], ["unix://h:1"], ["http://::1:1"], ["http://[h]:1"], ["http://[::1]"],
      ["http://h:1,http://h:2"], ["http://é:1"], ["//h:1"], ["http://h:+1"],
    ] as [[String]])
  func badURLs(_ urls: [String]) async throws {
    try await run { (server) async throws in
      let refused = GRPCStatus(.invalidArgument, "etcdserver: given member URLs are invalid")
      #expect(try await server.status { _ = try await add(server, urls) } == refused)
      #expect(try await server.status { _ = try await update(server, TestNode.id, urls) } == refused)
      #expect(
        try await server.status { _ = try await update(server, 1, urls) } == EtcdError.memberNotFound.status)
      #expect(server.node.behaviour.changes == [])
    }
  }

  @Test(arguments: [
    "http://h:0", "https://[fe80::1]:65535", "http://10.0.0.1:1", "http://A-b_c.D:1", " http://h:1 ",
  ])
  func goodURLs(_ url: String) {
    #expect(MemberURL.list([url])?.count == 1)
  }

  @Test func leadershipIsHandedOver() async throws {
    try await run { (server) async throws in
      server.node.configure {
        $0.members.append(Member(id: 5, name: "two", peerURLs: ["http://h:3"]))
        $0.members.append(Member(id: 6, name: "three", peerURLs: ["http://h:4"], isLearner: true))
      }
      try await moveLeader(server, 5)
      // To the leader itself there is nothing to do.
      try await moveLeader(server, TestNode.id)
      #expect(server.node.behaviour.transfers == [5])
      for target: UInt64 in [0, 6, 7] {
        let status = try await server.status { try await moveLeader(server, target) }
        #expect(status == GRPCStatus(.failedPrecondition, "etcdserver: bad leader transferee"))
      }
      server.node.configure { $0.changeFailure = .transferTimeout }
      let status = try await server.status { try await moveLeader(server, 5) }
      #expect(
        status == GRPCStatus(.unavailable, "etcdserver: request timed out, leader transfer took too long"))
      server.node.configure { $0.leader = 5 }
      for target: UInt64 in [0, 5, TestNode.id] {
        let status = try await server.status { try await moveLeader(server, target) }
        #expect(status == GRPCStatus(.failedPrecondition, "etcdserver: not leader"))
      }
    }
  }

  /// etcd: `isRPCSupportedForLearner`.
  @Test func aLearnerRefusesAllButAFewCalls() async throws {
    try await run { (server) async throws in
      server.node.configure { $0.isLearner = true }
      for path in [
        "KV/Put", "KV/Range", "KV/DeleteRange", "KV/Txn", "KV/Compact", "Lease/LeaseGrant",
        "Lease/LeaseRevoke",
        "Lease/LeaseTimeToLive", "Lease/LeaseLeases", "Cluster/MemberAdd", "Cluster/MemberRemove",
        "Cluster/MemberUpdate", "Cluster/MemberPromote", "Cluster/MemberList", "Maintenance/Alarm",
        "Maintenance/Defragment", "Maintenance/Hash", "Maintenance/HashKV", "Maintenance/MoveLeader",
      ] {
        let request: [UInt8] = path == "KV/Range" ? [0x0A, 1, 1] : []
        let status = try await server.status {
          _ = try await server.call("/etcdserverpb." + path, bytes: request)
        }
        #expect(status == EtcdError.notSupportedForLearner.status, "\(path)")
      }
      for path in ["Watch/Watch", "Lease/LeaseKeepAlive"] {
        let status = try await server.statusOfSilentStream("/etcdserverpb." + path)
        #expect(status == EtcdError.notSupportedForLearner.status, "\(path)")
      }
      _ = try await server.range(.with { ($0.key, $0.serializable) = (Data([1]), true) })
      let status = try await server.call(
        "Maintenance/Status", Etcdserverpb_StatusRequest(), Etcdserverpb_StatusResponse.self)
      #expect(status.isLearner)
    }
  }
}
