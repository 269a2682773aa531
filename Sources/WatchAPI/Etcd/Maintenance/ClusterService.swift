import GRPC
import NIOCore
import Proto
import RaftKV
import SwiftProtobuf

/// etcd API: service Cluster, reading only.
struct ClusterService<Node: ServedNode>: Sendable {
  let context: CallContext<Node>

  func register(_ methods: inout MethodTable) {
    methods.unary("/etcdserverpb.Cluster/MemberList", memberList)
  }

  private func memberList(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    if try context.admit(exchange.call).isLearner { throw .notSupportedForLearner }
    let request = try message.decoded(as: Etcdserverpb_MemberListRequest.self)
    guard request.linearizable else { return respond(exchange) }
    context.node.readBarrier { error in
      exchange.onLoop {
        if let error { return exchange.fail(EtcdError(error)) }
        respond(exchange)
      }
    }
  }

  private func respond(_ exchange: Exchange) {
    var response = Etcdserverpb_MemberListResponse()
    response.header = .init(context.header(revision: 0))
    response.members = context.node.members.map(Etcdserverpb_Member.init)
    exchange.respond(response.encodedBuffer())
  }
}

extension Etcdserverpb_Member {
  init(_ member: Member) {
    self.init()
    id = member.id
    name = member.name
    peerUrls = member.peerURLs
    clientUrls = member.clientURLs
    isLearner = member.isLearner
  }
}
