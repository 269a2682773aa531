public import Client
import Exchange
import Objects

/// How long a machine waits for its cluster, and who hears of it.
public struct Patience: Sendable {
  /// How long to wait before asking again when no answer could be had.
  static let pause = Duration.seconds(5)
  /// How often people hear what is waited for.
  static let reminderPeriod = Duration.seconds(30)

  /// How long to wait for an approval, or for a server that does not answer.
  public let limit: Duration
  let time: any TimeSource
  /// Hears, for people, what is waited for.
  let report: @Sendable (String) -> Void

  /// Patience.
  /// - Parameter report: hears, for people, what is waited for and what goes wrong.
  public init(
    _ limit: Duration = .seconds(900), time: any TimeSource = SystemTime(),
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.limit = limit
    self.time = time
    self.report = report
  }

  /// When it ends, in the time since an origin.
  var end: Duration { time.uptime + limit }

  /// Tells people, unless they have just been told.
  func remind(_ next: inout Duration, _ message: String) {
    guard time.uptime >= next else { return }
    next = time.uptime + Self.reminderPeriod
    report(message)
  }

  func wait(_ duration: Duration) async throws(NodeJoinError) {
    do {
      try await time.sleep(for: duration)
    } catch {
      throw .local(message: "joining was stopped")
    }
  }

  /// Asks until there is an answer or the time is over.
  func persist(
    until end: Duration, _ ask: @Sendable () async throws(StatusError) -> JSON
  ) async throws(NodeJoinError) -> JSON {
    var reminder = Duration.seconds(Int64.min)
    while true {
      let problem: StatusError
      switch await Self.outcome(ask) {
      case .success(let object): return object
      case .failure(let error): problem = error
      }
      if let final = NodeJoinError(final: problem) { throw final }
      guard time.uptime < end else { throw .unavailable(message: problem.message) }
      remind(&reminder, "the server does not answer: \(problem.message)")
      try await wait(Self.pause)
    }
  }

  /// Asks likewise for an object that need not be there.
  func find(
    _ ask: @Sendable () async throws(StatusError) -> JSON
  ) async throws(NodeJoinError) -> JSON? {
    let object = try await persist(until: end) { () async throws(StatusError) in
      do throws(StatusError) {
        return try await ask()
      } catch {
        guard error.isNotFound else { throw error }
        return .null
      }
    }
    return object.isNull ? nil : object
  }

  private static func outcome(
    _ ask: @Sendable () async throws(StatusError) -> JSON
  ) async -> Result<JSON, StatusError> {
    do throws(StatusError) {
      return .success(try await ask())
    } catch {
      return .failure(error)
    }
  }
}

extension NodeJoinError {
  /// What no repetition changes; nil if asking again may help.
  init?(final error: StatusError) {
    switch error.code {
    case 401: self = .unauthorized
    case 400, 403, 404, 405, 406, 409, 413, 415, 422: self = .forbidden(message: error.message)
    default: return nil
    }
  }
}
