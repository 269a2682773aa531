import GRPC
import HTTP
import MVCC
import NIOCore
import Proto
import RaftKV
import SwiftProtobuf

/// etcd API: service Lease.
struct LeaseService<Node: ServedNode>: Sendable {
  let context: CallContext<Node>
  let limits: EtcdLimits
  private let timesToLive: Histogram

  init(context: CallContext<Node>, limits: EtcdLimits, metrics: MetricsRegistry) {
    self.context = context
    self.limits = limits
    // One second to three months.
    timesToLive = metrics.histogram(
      "etcd_debugging_lease_ttl_total", help: "Bucketed histogram of lease TTLs.",
      bounds: (0..<24).map { Double(1 << $0) })
  }

  private var node: Node { context.node }

  func register(_ methods: inout MethodTable) {
    let service = "/etcdserverpb.Lease/"
    methods.unary(service + "LeaseGrant", grant)
    methods.unary(service + "LeaseRevoke", revoke)
    methods.unary(service + "LeaseTimeToLive", timeToLive)
    methods.unary(service + "LeaseLeases", leases)
    methods.bidirectional(service + "LeaseKeepAlive", keepAlive)
  }

  // MARK: changes

  private func grant(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_LeaseGrantRequest.self)
    let timesToLive = timesToLive
    node.grantLease(
      id: request.id, seconds: request.ttl,
      completion: context.answer(exchange) { result, header in
        guard case .lease(.granted(let lease)) = result else { return nil }
        timesToLive.observe(Double(lease.seconds))
        var response = Etcdserverpb_LeaseGrantResponse()
        response.header = .init(header)
        response.id = lease.id
        response.ttl = lease.seconds
        return response.encodedBuffer()
      })
  }

  private func revoke(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_LeaseRevokeRequest.self)
    node.revokeLease(
      id: request.id,
      completion: context.answer(exchange) { result, header in
        guard case .lease(.revoked) = result else { return nil }
        var response = Etcdserverpb_LeaseRevokeResponse()
        response.header = .init(header)
        return response.encodedBuffer()
      })
  }

  // MARK: questions

  private func timeToLive(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_LeaseTimeToLiveRequest.self)
    node.readBarrier { error in
      if let error { return exchange.onLoop { exchange.fail(EtcdError(error)) } }
      let header = context.header(revision: node.store.currentRevision)
      node.leaseTime(request.id) { result in
        switch result {
        case .failure(let error): exchange.onLoop { exchange.fail(EtcdError(error)) }
        case .success(let time): answer(exchange, request, header, time)
        }
      }
    }
  }

  private func answer(
    _ exchange: Exchange, _ request: Etcdserverpb_LeaseTimeToLiveRequest, _ header: ResponseHeader,
    _ time: (granted: Int64, left: Int64)?
  ) {
    var response = LeaseTimeToLiveResponse(header: header, id: request.id)
    if let time {
      response.secondsLeft = time.left
      response.secondsGranted = time.granted
      if request.keys { return listKeys(exchange, response) }
    }
    let message = response.encoded()
    exchange.onLoop { exchange.respond(message) }
  }

  /// Adds the keys, on a reader thread.
  private func listKeys(_ exchange: Exchange, _ response: LeaseTimeToLiveResponse) {
    let isAccepted = node.read { handle in
      do throws(StoreError) {
        var response = response
        response.keys = try handle.keys(ofLease: response.id)
        let message = response.encoded()
        exchange.onLoop { exchange.respond(message) }
      } catch {
        exchange.onLoop { exchange.fail(EtcdError(error)) }
      }
    }
    if !isAccepted { exchange.onLoop { exchange.fail(.tooManyRequests) } }
  }

  private func leases(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    _ = try message.decoded(as: Etcdserverpb_LeaseLeasesRequest.self)
    // All leases may be a large answer: no connection has more than a few of them made at a time.
    exchange.call.reserveSend(16 * limits.responseBytes)
    let isAccepted = node.read { _ in
      var response = Etcdserverpb_LeaseLeasesResponse()
      response.header = .init(context.header(revision: node.store.currentRevision))
      response.leases = node.leaseIDs.map { id in
        var status = Etcdserverpb_LeaseStatus()
        status.id = id
        return status
      }
      let message = response.encodedBuffer()
      exchange.onLoop { exchange.respond(message) }
    }
    if !isAccepted { throw .tooManyRequests }
  }

  // MARK: keep-alives

  private func keepAlive(_ exchange: Exchange) throws(EtcdError) {
    try context.admit(exchange.call)
    KeepAliveStream(exchange: exchange, context: context, capacity: limits.keepAlives).begin()
  }
}

/// etcd API: `LeaseTimeToLiveResponse`.
struct LeaseTimeToLiveResponse: WireMessage {
  var header: ResponseHeader
  var id: Int64
  /// -1 for a lease that is not there.
  var secondsLeft: Int64 = -1
  var secondsGranted: Int64 = 0
  var keys: [Bytes] = []

  init(header: ResponseHeader, id: Int64) {
    self.header = header
    self.id = id
  }

  var encodedLength: Int {
    let rest =
      WireSize.message(1, header) + WireSize.int64(2, id) + WireSize.int64(3, secondsLeft)
      + WireSize.int64(4, secondsGranted)
    return keys.reduce(rest) { $0 + WireSize.bytes(5, $1.count) }
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    writer.int64(2, id)
    writer.int64(3, secondsLeft)
    writer.int64(4, secondsGranted)
    for key in keys { writer.bytes(5, key) }
  }
}
