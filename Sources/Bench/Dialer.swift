internal import GRPC
internal import NIOCore

/// Opens the connections of a run, spread over the endpoints and the event loops.
struct Dialer: Sendable {
  /// What one event loop has of a run.
  struct Share {
    var eventLoop: any EventLoop
    /// The loop's number.
    var loop: Int
    var connections: [ClientConnection]
    /// Which of all connections of the run these are.
    var numbers: [Int]
    /// Clients, which are spread over these connections.
    var clients: Int
  }

  var configuration: Configuration

  /// One target a loop, in the loops' order, each made by `make` on its loop. Throws `Benchmark.CannotStart`.
  func connect<Driven: Target>(
    _ eventLoops: [any EventLoop], make: @escaping @Sendable (Share) -> Driven
  ) throws -> [NIOLoopBound<Driven>] {
    let loops = eventLoops.count
    var pending: [EventLoopFuture<NIOLoopBound<Driven>>] = []
    for (number, eventLoop) in eventLoops.enumerated() {
      let numbers = (0..<configuration.connections).filter { $0 % loops == number }
      let connections = numbers.map { index in
        connect(to: configuration.endpoints[index % configuration.endpoints.count], on: eventLoop)
      }
      let clients = share(of: configuration.clients, number, connections.count)
      pending.append(
        EventLoopFuture.whenAllSucceed(connections, on: eventLoop).map { connections in
          let share = Share(
            eventLoop: eventLoop, loop: number, connections: connections, numbers: numbers, clients: clients)
          return NIOLoopBound(make(share), eventLoop: eventLoop)
        })
    }
    return try EventLoopFuture.whenAllSucceed(pending, on: eventLoops[0]).wait()
  }

  /// The version that the server tells, which also shows that it is one (etcd API: `Maintenance.Status`).
  func serverVersion(on eventLoop: any EventLoop) throws -> String? {
    let endpoint = configuration.endpoints[0]
    return try connect(to: endpoint, on: eventLoop).flatMap { connection in
      let answer = eventLoop.makePromise(of: String?.self)
      connection.unary("/etcdserverpb.Maintenance/Status", ByteBuffer(), timeout: .seconds(10)) { result in
        connection.close()
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

  /// One connection. Fails with `Benchmark.CannotStart`.
  func connect(to endpoint: Endpoint, on eventLoop: any EventLoop) -> EventLoopFuture<
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
