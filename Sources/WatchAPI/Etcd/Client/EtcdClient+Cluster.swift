public import NIOCore
import Proto
public import RaftKV
import SwiftProtobuf

/// The calls of service Cluster that a member needs that joins.
extension EtcdClient {
  /// etcd API: MemberList. What is not linearizable is what the server knows.
  public func memberList(linearizable: Bool = true) -> EventLoopFuture<[Member]> {
    let request = Etcdserverpb_MemberListRequest.with { $0.linearizable = linearizable }
    return call(
      "/etcdserverpb.Cluster/MemberList", request, Etcdserverpb_MemberListResponse.self
    ) { $0.members.map(Member.init) }
  }

  /// etcd API: MemberAdd. The member that was added, and all of them.
  public func memberAdd(
    peerURLs: [String], isLearner: Bool
  ) -> EventLoopFuture<(member: Member, members: [Member])> {
    let request = Etcdserverpb_MemberAddRequest.with {
      $0.peerUrls = peerURLs
      $0.isLearner = isLearner
    }
    return call(
      "/etcdserverpb.Cluster/MemberAdd", request, Etcdserverpb_MemberAddResponse.self
    ) { (Member($0.member), $0.members.map(Member.init)) }
  }

  private func call<Request: Message, Response: Message, Value: Sendable>(
    _ path: String, _ request: Request, _ type: Response.Type, _ value: @escaping (Response) -> Value
  ) -> EventLoopFuture<Value> {
    call(path, request.encodedBuffer()) { (message) throws(MalformedResponse) in
      do throws(EtcdError) {
        return value(try message.decoded(as: type))
      } catch {
        throw MalformedResponse(reason: error.message)
      }
    }
  }
}

extension Member {
  fileprivate init(_ message: Etcdserverpb_Member) {
    self.init(
      id: message.id, name: message.name, peerURLs: message.peerUrls, clientURLs: message.clientUrls,
      isLearner: message.isLearner)
  }
}
