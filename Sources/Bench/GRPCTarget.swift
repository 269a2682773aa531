internal import GRPC
internal import NIOCore

/// An etcd v3 server over the connections of one event loop.
final class GRPCTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let workload: Workload
  let connections: [ClientConnection]
  private var isOpen: [Bool]
  /// One buffer and one completion a client, used again for each of its requests: a request allocates neither.
  private var buffers: [ByteBuffer]
  private var completions: [(Result<ByteBuffer, GRPCStatus>) -> Void] = []
  /// What each client's request under way is.
  private var kinds: [Workload.Kind]

  /// On the event loop of all `connections`, which are not empty.
  init(connections: [ClientConnection], clients: Int, workload: Workload) {
    self.connections = connections
    self.clients = clients
    self.workload = workload
    isOpen = Array(repeating: true, count: connections.count)
    buffers = (0..<clients).map { _ in ByteBuffer() }
    kinds = Array(repeating: .put, count: clients)
    for (number, connection) in connections.enumerated() {
      connection.onClose = { self.isOpen[number] = false }
    }
    // Strong, and let go of by `close`: a weak reference would make every retain of this object a slow one.
    completions = (0..<clients).map { client in { result in self.finish(client, result) } }
  }

  func prepare() -> EventLoopFuture<Void> { connections[0].eventLoop.makeSucceededVoidFuture() }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let number = client % connections.count
    guard isOpen[number] else { return false }
    buffers[client].clear()
    let kind = workload.encode(index, into: &buffers[client])
    if workload.stampsValues { workload.stamp(due, putIn: &buffers[client]) }
    kinds[client] = kind
    connections[number].unary(Self.path(of: kind), buffers[client], completion: completions[client])
    return true
  }

  func close() {
    onAnswer = nil
    completions = []
    isOpen = Array(repeating: false, count: connections.count)
    for connection in connections {
      connection.onClose = nil
      connection.close(now: true)
    }
  }

  private func finish(_ client: Int, _ result: Result<ByteBuffer, GRPCStatus>) {
    switch result {
    case .success(let message):
      let keys: Int?
      switch kinds[client] {
      case .put, .writeTransaction, .other: keys = 0
      case .range: keys = EtcdMessage.keyValues(inRange: message)
      case .readTransaction: keys = EtcdMessage.keyValues(inTransaction: message)
      }
      if let keys {
        onAnswer?(client, .success(keys: keys))
      } else {
        onAnswer?(client, .failure(GRPCStatus(.internalError, "the answer is malformed")))
      }
    case .failure(let status):
      onAnswer?(client, .failure(status))
    }
  }

  private static func path(of kind: Workload.Kind) -> String {
    switch kind {
    case .put: "/etcdserverpb.KV/Put"
    case .range: "/etcdserverpb.KV/Range"
    case .writeTransaction, .readTransaction, .other: "/etcdserverpb.KV/Txn"
    }
  }
}
