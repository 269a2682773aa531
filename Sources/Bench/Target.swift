internal import GRPC
internal import NIOCore

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

  /// Brings about what has to be there before the first request: watchers, leases, objects.
  func prepare() -> EventLoopFuture<Void>

  /// Sends request `index` of the workload for `client`, which was to be sent at `due`; false when its connection is
  /// gone.
  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool

  /// Events of watches that came so far, and when the last of them did.
  var deliveries: (count: Int, last: NIODeadline) { get }

  /// All requests of this loop were answered, and no more will be sent.
  func sendingEnded()

  /// Whether everything has come that will come, once sending has ended.
  var isDrained: Bool { get }

  /// Adds what it counted itself.
  func collect(into tally: inout Tally)

  /// Lets go of what it holds of the server. Nothing is answered any more.
  func close()
}

extension Target {
  var deliveries: (count: Int, last: NIODeadline) { (0, .uptimeNanoseconds(0)) }
  func sendingEnded() {}
  var isDrained: Bool { true }
  func collect(into tally: inout Tally) {}
}
