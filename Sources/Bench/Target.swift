internal import GRPC

/// What a client got for its request.
enum Answer: Sendable {
  /// Done; `keys` key-values came back.
  case success(keys: Int)
  case failure(GRPCStatus)
}

/// How the requests of one event loop's clients reach what is measured. Belongs to that loop.
protocol Target: AnyObject, SendableMetatype {
  /// Clients are numbered from 0 to below this.
  var clients: Int { get }

  /// Called with the number of the client whose request ended, once for each `send` that returned true; maybe
  /// before `send` returns.
  var onAnswer: ((_ client: Int, Answer) -> Void)? { get set }

  /// Sends request `index` of the workload for `client`; false when its connection is gone.
  func send(_ index: Int, client: Int) -> Bool

  /// Lets go of what it holds of the server. Nothing is answered any more.
  func close()
}
