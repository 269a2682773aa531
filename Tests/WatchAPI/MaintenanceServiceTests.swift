import Foundation
import GRPC
import HTTP
import NIOCore
import Proto
import SwiftProtobuf
import Synchronization
import Testing

@testable import RaftKV
@testable import WatchAPI

/// Status, alarms, members and the plain endpoints, over a real store.
struct MaintenanceServiceTests {
  private func alarm(
    _ action: Etcdserverpb_AlarmRequest.AlarmAction, _ member: UInt64 = 0,
    _ kind: Etcdserverpb_AlarmType = .none
  ) -> Etcdserverpb_AlarmRequest {
    .with {
      $0.action = action
      $0.memberID = member
      $0.alarm = kind
    }
  }

  @Test func status() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.put(.with { $0.key = Data([1]) })
      let status = try await server.call(
        "Maintenance/Status", Etcdserverpb_StatusRequest(), Etcdserverpb_StatusResponse.self)
      #expect(status.header.revision == 2)
      #expect(status.header.clusterID == TestNode.clusterID)
      #expect(status.leader == TestNode.id)
      #expect(status.raftIndex == 1)
      #expect(status.raftAppliedIndex == 1)
      #expect(status.raftTerm == 4)
      #expect(status.dbSizeQuota == 1 << 31)
      #expect(status.dbSize >= status.dbSizeInUse)
      #expect(status.errors == [])
    }
  }

  /// The sequence of answers that etcd 3.5.1 gives.
  @Test func alarms() async throws {
    try await TestServer.run { (server) async throws in
      let id = TestNode.id
      #expect(try await server.alarm(alarm(.get)).alarms == [])
      #expect(try await server.alarm(alarm(.activate, id)).alarms == [])
      let raised = try await server.alarm(alarm(.activate, id, .nospace))
      #expect(raised.alarms.map(\.memberID) == [id])
      #expect(raised.alarms.map(\.alarm) == [.nospace])
      #expect(raised.header.revision == 1)
      #expect(try await server.alarm(alarm(.activate, 5, .corrupt)).alarms.map(\.memberID) == [5])
      #expect(Set(try await server.alarm(alarm(.get)).alarms.map(\.memberID)) == [5, id])
      #expect(try await server.alarm(alarm(.get, 5)).alarms.count == 2)
      #expect(try await server.alarm(alarm(.get, 0, .corrupt)).alarms.map(\.memberID) == [5])

      let refused = try await server.status { _ = try await server.put(.with { $0.key = Data([1]) }) }
      #expect(refused.message == "etcdserver: mvcc: database space exceeded")
      let status = try await server.call(
        "Maintenance/Status", Etcdserverpb_StatusRequest(), Etcdserverpb_StatusResponse.self)
      #expect(Set(status.errors) == ["memberID:\(id) alarm:NOSPACE ", "memberID:5 alarm:CORRUPT "])

      #expect(try await server.get("/health").status == 503)
      #expect(try await server.get("/health?exclude=NOSPACE").text.contains("ALARM CORRUPT"))
      #expect(try await server.get("/health?exclude=NOSPACE&exclude=CORRUPT").status == 200)
      #expect(try await server.get("/livez").status == 200)
      let ready = try await server.get("/readyz")
      #expect(ready.status == 503)
      #expect(ready.text.contains("[-]data_corruption failed: alarm activated: CORRUPT\n"))

      #expect(try await server.alarm(alarm(.deactivate, id)).alarms == [])
      #expect(try await server.alarm(alarm(.deactivate, id, .nospace)).alarms.map(\.memberID) == [id])
      #expect(try await server.alarm(alarm(.deactivate, id, .nospace)).alarms == [])
      #expect(try await server.alarm(alarm(.deactivate, 5, .corrupt)).alarms.map(\.memberID) == [5])
      #expect(try await server.get("/health").status == 200)
      _ = try await server.put(.with { $0.key = Data([1]) })
    }
  }

  @Test func refusesMalformedMessages() async throws {
    try await TestServer.run { (server) async throws in
      for path in [
        "Maintenance/Status", "Maintenance/Alarm", "Maintenance/MoveLeader", "Cluster/MemberList",
        "Cluster/MemberAdd", "Cluster/MemberRemove", "Cluster/MemberUpdate", "Cluster/MemberPromote",
      ] {
        let status = try await server.status {
          _ = try await server.call("/etcdserverpb." + path, bytes: [0x0A, 9, 1])
        }
        #expect(status == GRPCStatus(.internalError, "grpc: error unmarshalling request: unexpected EOF"))
      }
    }
  }

  @Test func health() async throws {
    try await TestServer.run { (server) async throws in
      #expect(try await server.get("/health").text == #"{"health":"true","reason":""}"#)
      #expect(try await server.get("/readyz").text == "ok\n")
      #expect(
        try await server.get("/readyz?verbose").text
          == """
          [+]data_corruption ok
          [+]serializable_read ok
          [+]linearizable_read ok
          [+]non_learner ok
          ok

          """)
      server.node.configure {
        $0.leader = 0
        $0.barrierFailure = .noLeader
      }
      let leaderless = try await server.get("/health")
      #expect(leaderless.status == 503)
      #expect(leaderless.text == "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n")
      #expect(try await server.get("/health?serializable=true").status == 200)
      #expect(try await server.get("/livez").text == "ok\n")
      #expect(try await server.get("/readyz/linearizable_read").status == 503)
      #expect(try await server.get("/readyz/serializable_read").status == 200)
      #expect(try await server.get("/readyz?exclude=linearizable_read").status == 200)
      server.node.configure { $0.leader = TestNode.id }
      #expect(
        try await server.get("/health").text
          == "{\"health\":\"false\",\"reason\":\"RANGE ERROR:etcdserver: no leader\"}\n")
      server.node.configure {
        $0.barrierFailure = nil
        $0.isLearner = true
      }
      #expect(
        try await server.get("/readyz").text.contains(
          "[-]non_learner failed: etcdserver: rpc not supported for learner\n"))
      let counts = try await server.get("/metrics").text
      #expect(counts.contains("etcd_server_health_success 2\n"))
      #expect(counts.contains("etcd_server_health_failures 2\n"))
    }
  }

  @Test func otherEndpoints() async throws {
    try await TestServer.run { (server) async throws in
      let version = try await server.get("/version")
      #expect(version.text == #"{"etcdserver":"3.6.5","etcdcluster":"3.6.0","storage":"3.6.0"}"#)
      #expect(version.type == "application/json")
      let missing = try await server.get("/nothing")
      #expect(missing.status == 404 && missing.text == "404 page not found\n")
      for path in ["/health", "/version", "/readyz", "/livez"] {
        let refused = try await server.response(path, method: "POST")
        #expect(refused.status == 405 && String(buffer: refused.body) == "Method Not Allowed\n")
        #expect(refused.headers.map(\.name) == ["allow"] && refused.headers.map(\.value) == ["GET"])
      }
    }
  }

  @Test func metrics() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.put(.with { $0.key = Data([1]) })
      _ = try await server.status { _ = try await server.put(.init()) }
      let counts = server.node.metrics
      counts.proposalsPending.add(3, ordering: .relaxed)
      counts.proposalsFailed.add(4, ordering: .relaxed)
      counts.leaderChanges.add(5, ordering: .relaxed)
      counts.logSync.record(nanoseconds: 1_500_000)
      counts.checkpoint.record(nanoseconds: 20_000_000_000)
      let metrics = try await server.get("/metrics")
      #expect(metrics.type == "text/plain; version=0.0.4; charset=utf-8")
      let put = #"grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary""#
      for line in [
        "etcd_server_has_leader 1", "etcd_server_is_leader 1", "etcd_server_is_learner 0",
        "etcd_server_proposals_committed_total 1", "etcd_server_proposals_applied_total 1",
        "etcd_server_id{server_id=\"123456789abcdef0\"} 1", "etcd_debugging_mvcc_current_revision 2",
        "grpc_server_started_total{\(put)} 2", "grpc_server_handled_total{grpc_code=\"OK\",\(put)} 1",
        "grpc_server_handled_total{grpc_code=\"InvalidArgument\",\(put)} 1",
        "etcd_server_proposals_pending 3", "etcd_server_proposals_failed_total 4",
        "etcd_server_leader_changes_seen_total 5",
        "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 0",
        "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.002\"} 1",
        "etcd_disk_wal_fsync_duration_seconds_sum 0.0015",
        "etcd_disk_backend_commit_duration_seconds_bucket{le=\"8.192\"} 0",
        "etcd_disk_backend_commit_duration_seconds_count 1",
        "# TYPE grpc_server_handled_total counter", "# TYPE etcd_mvcc_db_total_size_in_bytes gauge",
      ] {
        #expect(metrics.text.contains(line + "\n"), "\(line)")
      }
    }
  }
}
