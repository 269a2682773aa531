import GRPC
import NIOCore
import Proto
import RaftKV
import SwiftProtobuf

/// etcd API: service Cluster.
struct ClusterService<Node: ServedNode>: Sendable {
  let context: CallContext<Node>

  func register(_ methods: inout MethodTable) {
    let service = "/etcdserverpb.Cluster/"
    methods.unary(service + "MemberAdd", add)
    methods.unary(service + "MemberRemove", remove)
    methods.unary(service + "MemberUpdate", update)
    methods.unary(service + "MemberPromote", promote)
    methods.unary(service + "MemberList", list)
  }

  // MARK: changes

  private func add(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_MemberAddRequest.self)
    guard let urls = MemberURL.list(request.peerUrls) else { throw .badMemberURLs }
    context.node.addMember(
      peerURLs: urls, isLearner: request.isLearner,
      completion: answer(exchange) { header, member, members in
        guard let member else { return nil }
        var response = Etcdserverpb_MemberAddResponse()
        response.header = header
        response.member = Etcdserverpb_Member(member)
        response.members = members
        return response.encodedBuffer()
      })
  }

  private func remove(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_MemberRemoveRequest.self)
    context.node.removeMember(
      request.id,
      completion: answer(exchange) { header, _, members in
        var response = Etcdserverpb_MemberRemoveResponse()
        response.header = header
        response.members = members
        return response.encodedBuffer()
      })
  }

  /// etcd does not look at the URLs here, and ends when it cannot use them.
  private func update(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_MemberUpdateRequest.self)
    guard let urls = MemberURL.list(request.peerUrls) else {
      throw context.node.members.contains { $0.id == request.id } ? .badMemberURLs : .memberNotFound
    }
    context.node.updateMember(
      request.id, peerURLs: urls,
      completion: answer(exchange) { header, _, members in
        var response = Etcdserverpb_MemberUpdateResponse()
        response.header = header
        response.members = members
        return response.encodedBuffer()
      })
  }

  private func promote(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_MemberPromoteRequest.self)
    context.node.promoteMember(
      request.id,
      completion: answer(exchange) { header, _, members in
        var response = Etcdserverpb_MemberPromoteResponse()
        response.header = header
        response.members = members
        return response.encodedBuffer()
      })
  }

  /// What answers a change of the members. `response` is nil when the member in question is missing from the outcome.
  private func answer(
    _ exchange: Exchange,
    _ response:
      @escaping @Sendable (Etcdserverpb_ResponseHeader, Member?, [Etcdserverpb_Member]) -> ByteBuffer?
  ) -> @Sendable (Result<(member: Member?, members: [Member]), NodeError>) -> Void {
    { result in
      exchange.onLoop {
        switch result {
        case .failure(let error): exchange.fail(EtcdError(error))
        case .success(let change):
          // As in etcd, these answers name no revision.
          let header = Etcdserverpb_ResponseHeader(context.header(revision: 0))
          let members = change.members.map(Etcdserverpb_Member.init)
          if let message = response(header, change.member, members) {
            exchange.respond(message)
          } else {
            exchange.fail(.mismatchedResult)
          }
        }
      }
    }
  }

  // MARK: the list

  private func list(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
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
