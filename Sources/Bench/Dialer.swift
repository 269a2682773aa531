internal import GRPC
internal import NIOCore

/// Opens the connections of a run, spread over the endpoints and the event loops.
struct Dialer {
  var configuration: Configuration
  var workload: Workload

  /// One target a loop, in the loops' order. Throws `Benchmark.CannotStart`.
  func connect(_ eventLoops: [any EventLoop]) throws -> [NIOLoopBound<GRPCTarget>] {
    let (workload, loops) = (workload, eventLoops.count)
    var pending: [EventLoopFuture<NIOLoopBound<GRPCTarget>>] = []
    for (number, eventLoop) in eventLoops.enumerated() {
      let connections = (0..<configuration.connections).filter { $0 % loops == number }.map { index in
        connect(to: configuration.endpoints[index % configuration.endpoints.count], on: eventLoop)
      }
      let clients = share(of: configuration.clients, number, connections.count)
      pending.append(
        EventLoopFuture.whenAllSucceed(connections, on: eventLoop).map { connections in
          NIOLoopBound(
            GRPCTarget(connections: connections, clients: clients, workload: workload), eventLoop: eventLoop)
        })
    }
    return try EventLoopFuture.whenAllSucceed(pending, on: eventLoops[0]).wait()
  }

  /// The version that the server tells, which also shows that it is one (etcd API: `Maintenance.Status`).
  func serverVersion(_ target: NIOLoopBound<GRPCTarget>, on eventLoop: any EventLoop) throws -> String? {
    let endpoint = configuration.endpoints[0]
    return try eventLoop.flatSubmit {
      let answer = eventLoop.makePromise(of: String?.self)
      target.value.connections[0].unary(
        "/etcdserverpb.Maintenance/Status", ByteBuffer(), timeout: .seconds(10)
      ) { result in
        switch result {
        case .success(let message): answer.succeed(EtcdMessage.version(inStatus: message))
        case .failure(let status):
          answer.fail(
            Benchmark.CannotStart(
              description: "\(endpoint) does not answer as an etcd v3 server: "
                + "\(status.code.standardName): \(status.message)"))
        }
      }
      return answer.futureResult
    }.wait()
  }

  /// A client belongs to one connection, as evenly as can be; this is the number of those on a loop.
  private func share(of clients: Int, _ loop: Int, _ connections: Int) -> Int {
    let each = clients / configuration.connections
    let extra = clients % configuration.connections
    let loops = configuration.loops
    return each * connections + (0..<configuration.connections).count { $0 < extra && $0 % loops == loop }
  }

  private func connect(to endpoint: Endpoint, on eventLoop: any EventLoop) -> EventLoopFuture<
    ClientConnection
  > {
    ClientConnection.connect(to: .hostPort(endpoint.host, endpoint.port), on: eventLoop).flatMapErrorThrowing
    {
      error in
      // The connection's own message names the endpoint and the reason.
      let reason = (error as? GRPCStatus)?.message ?? "cannot connect to \(endpoint): \(error)"
      throw Benchmark.CannotStart(description: "\(reason); is the server running there?")
    }
  }
}
