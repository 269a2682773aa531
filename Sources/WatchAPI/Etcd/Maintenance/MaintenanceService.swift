import GRPC
import MVCC
import NIOCore
import Proto
import RaftKV
import SwiftProtobuf

/// etcd API: service Maintenance.
struct MaintenanceService<Node: ServedNode>: Sendable {
  let context: CallContext<Node>
  let snapshots: SnapshotSlots

  var node: Node { context.node }

  func register(_ methods: inout MethodTable) {
    let service = "/etcdserverpb.Maintenance/"
    methods.unary(service + "Status", status)
    methods.unary(service + "Alarm", alarm)
    methods.unary(service + "Defragment", defragment)
    methods.unary(service + "Hash", hash)
    methods.unary(service + "HashKV", hashKV)
    methods.unary(service + "MoveLeader", moveLeader)
    methods.serverStream(service + "Snapshot", snapshot)
  }

  // MARK: Status

  private func status(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call, byLearner: true)
    _ = try message.decoded(as: Etcdserverpb_StatusRequest.self)
    let store = node.store
    let response = Etcdserverpb_StatusResponse(
      node.status, header: context.header(revision: store.currentRevision), alarms: store.alarms,
      size: store.size, sizeInUse: store.sizeInUse, quota: node.quotaBytes)
    exchange.respond(response.encodedBuffer())
  }

  // MARK: Defragment

  /// Disk space is given back all the time, and nothing stops for it: this only asks for the rest.
  private func defragment(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    _ = try message.decoded(as: Etcdserverpb_DefragmentRequest.self)
    node.reclaimSpace()
    // As in etcd, without a header.
    exchange.respond(Etcdserverpb_DefragmentResponse().encodedBuffer())
  }

  // MARK: Alarm

  private func alarm(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_AlarmRequest.self)
    let changes = try message.withRequest { (bytes) throws(EtcdError) in
      try decoded { () throws(WireError) in try AlarmRequestView(bytes).command != nil }
    }
    guard changes else {
      // A query, or nothing to change.
      node.readBarrier { error in
        exchange.onLoop {
          if let error { return exchange.fail(EtcdError(error)) }
          let found = request.action == .get ? node.store.alarms.filter(request.matches) : []
          let header = context.header(revision: node.store.currentRevision)
          exchange.respond(Etcdserverpb_AlarmResponse(header, found).encodedBuffer())
        }
      }
      return
    }
    message.withUnsafeReadableBytes { bytes in
      context.propose(.alarm, bytes, growth: 0, exchange) { result, header in
        guard case .alarm(let changed) = result else { return nil }
        return Etcdserverpb_AlarmResponse(header, changed).encodedBuffer()
      }
    }
  }
}

extension Etcdserverpb_AlarmResponse {
  init(_ header: ResponseHeader, _ alarms: [Alarm]) {
    self.init()
    self.header = .init(header)
    self.alarms = alarms.map(Etcdserverpb_AlarmMember.init)
  }
}

extension Etcdserverpb_AlarmRequest {
  /// Whether a query for this kind finds the alarm; as in etcd, the member does not narrow it.
  func matches(_ candidate: Alarm) -> Bool {
    alarm == .none || alarm == Etcdserverpb_AlarmType(candidate.kind)
  }
}

extension Etcdserverpb_AlarmType {
  init(_ kind: Alarm.Kind) {
    self =
      switch kind {
      case .noSpace: .nospace
      case .corrupt: .corrupt
      }
  }
}

extension Etcdserverpb_AlarmMember {
  init(_ alarm: Alarm) {
    self.init()
    memberID = alarm.member
    self.alarm = .init(alarm.kind)
  }
}

extension Alarm.Kind {
  /// As etcd spells it.
  var name: String {
    switch self {
    case .noSpace: "NOSPACE"
    case .corrupt: "CORRUPT"
    }
  }
}

extension Etcdserverpb_StatusResponse {
  init(
    _ status: NodeStatus, header: ResponseHeader, alarms: [Alarm], size: Int64, sizeInUse: Int64, quota: Int64
  ) {
    self.init()
    self.header = .init(header)
    version = EtcdVersion.server
    dbSize = size
    dbSizeInUse = sizeInUse
    dbSizeQuota = quota
    leader = status.leader
    raftIndex = status.committedIndex
    raftTerm = status.term
    raftAppliedIndex = status.appliedIndex
    isLearner = status.isLearner
    storageVersion = EtcdVersion.storage
    if status.leader == 0 { errors.append(EtcdError.noLeader.message) }
    // etcd prints the alarm's message, whose text form ends with a space.
    errors += alarms.map { "memberID:\($0.member) alarm:\($0.kind.name) " }
  }
}
