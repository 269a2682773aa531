import GRPC
import NIOCore
import Proto
import RaftKV

/// etcd API: Maintenance.MoveLeader.
extension MaintenanceService {
  func moveLeader(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    let status = try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_MoveLeaderRequest.self)
    guard status.leader == status.memberID else { throw .notLeader }
    guard let target = node.members.first(where: { $0.id == request.targetID }), !target.isLearner else {
      throw .badTransferee
    }
    // As in etcd, without a header.
    let response = Etcdserverpb_MoveLeaderResponse().encodedBuffer()
    if target.id == status.memberID { return exchange.respond(response) }
    node.moveLeader(to: target.id) { error in
      exchange.onLoop {
        if let error { return exchange.fail(EtcdError(error)) }
        exchange.respond(response)
      }
    }
  }
}
