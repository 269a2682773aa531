import GRPC
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RaftKV
@testable import WatchAPI

/// A member that adds itself to a running cluster.
struct ClusterJoinTests {
  private let founder = Member(
    id: TestNode.id, name: "one", peerURLs: ["http://h:1"], clientURLs: ["http://h:2"], isLearner: false)

  private func joining(
    _ targets: [ClientConnection.Target], _ urls: [String] = ["http://i:1"]
  ) -> ClusterJoin {
    var joining = ClusterJoin(
      targets: targets, peerURLs: urls, on: MultiThreadedEventLoopGroup.singleton.next(),
      logger: Logger(label: "join") { _ in SwiftLogNoOpLogHandler() })
    joining.pause = .milliseconds(1)
    return joining
  }

  private func run(_ body: (TestServer) async throws -> Void) async throws {
    try await TestServer.run { server in
      server.node.configure { $0.members = [founder] }
      try await body(server)
    }
  }

  @Test func itIsAddedAsALearner() async throws {
    try await run { (server) async throws in
      let outcome = try await joining([server.target]).add().get()
      #expect(outcome.member.id == 101 && outcome.member.isLearner)
      #expect(outcome.members.map(\.peerURLs) == [["http://h:1"], ["http://i:1"]])
      #expect(server.node.behaviour.changes == ["add http://i:1 true"])
      // The answer may have been lost: it is found again.
      let again = try await joining([server.target]).add().get()
      #expect(again.member == outcome.member && again.members == outcome.members)
      #expect(server.node.behaviour.changes.count == 1)
    }
  }

  /// What was there under these URLs and has been started is not taken over.
  @Test(arguments: [["http://i:1"], ["http://i:1", "http://i:2"]])
  func aStartedMemberIsNotReplaced(_ urls: [String]) async throws {
    try await run { (server) async throws in
      server.node.configure { $0.members.append(Member(id: 7, name: "two", peerURLs: ["http://i:1"])) }
      let error = await #expect(throws: StartError.self) {
        _ = try await joining([server.target], urls).add().get()
      }
      #expect(error?.description.contains("etcdctl member remove 7") == true)
      #expect(server.node.behaviour.changes == [])
    }
  }

  @Test func whatMayPassIsTriedAgain() async throws {
    try await run { (server) async throws in
      server.node.configure { $0.changeFailure = .membership(.tooManyLearners) }
      let nobody = ClientConnection.Target.unixSocket("/nonexistent/raftkv")
      let added = joining([nobody, server.target]).add()
      let deadline = ContinuousClock.now + .seconds(120)
      while server.node.behaviour.changes.count < 3 {
        try #require(ContinuousClock.now < deadline)
        try await Task.sleep(for: .milliseconds(1))
      }
      server.node.configure { $0.changeFailure = nil }
      #expect(try await added.get().member.isLearner)
    }
  }

  @Test func whatWillNotPassIsSaid() async throws {
    try await run { (server) async throws in
      server.node.configure { $0.changeFailure = .membership(.peerURLExists) }
      let error = await #expect(throws: StartError.self) {
        _ = try await joining([server.target]).add().get()
      }
      #expect(
        error?.description.hasSuffix("does not add this member: etcdserver: Peer URLs already exists") == true
      )
      #expect(server.node.behaviour.changes.count == 1)
    }
  }

  @Test func patienceEnds() async throws {
    var joining = joining([.unixSocket("/nonexistent/raftkv")])
    joining.patience = .milliseconds(20)
    let adding = joining.add()
    let error = await #expect(throws: StartError.self) { _ = try await adding.get() }
    #expect(error?.description.contains("cannot connect to localhost") == true)
  }
}
