public import Exchange
public import Objects

/// What a client wants of a container's log (Kubernetes API: PodLogOptions).
public struct LogOptions: Sendable, Hashable {
  /// Which of the container's streams.
  public enum Stream: String, Sendable, Hashable {
    /// Both, in the order in which they were written.
    case all = "All"
    /// Standard output.
    case standardOutput = "Stdout"
    /// Standard error.
    case standardError = "Stderr"
  }

  /// Waits for what is written later, until the container has stopped.
  public var follows = false
  /// The container that ran before the current one.
  public var isPrevious = false
  /// Each line begins with the time at which it was written.
  public var hasTimestamps = false
  /// The last lines only; as everywhere in Kubernetes a long line that the runtime has written in parts counts as many.
  public var tailLines: Int?
  /// Nothing that was written before.
  public var since: Timestamp?
  /// Bytes of the answer, at most.
  public var limitBytes: Int?
  /// Which stream.
  public var stream = Stream.all

  /// Everything there is.
  public init() {}

  /// The options in a query.
  /// - Parameter now: what `sinceSeconds` counts from.
  /// - Throws: code 400 or 422 with the texts that clients know from kubelets.
  public init(query: [(name: String, value: String)], now: Timestamp) throws(StatusError) {
    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
    func flag(_ name: String) -> Bool { value(name).map { $0 != "false" && $0 != "0" } ?? false }
    follows = flag("follow")
    isPrevious = flag("previous")
    hasTimestamps = flag("timestamps")

    let tail = value("tail").flatMap { $0.isEmpty ? nil : $0 } ?? value("tailLines")
    tailLines = tail == "all" ? nil : try Self.number(tail)
    limitBytes = try Self.number(value("limitBytes"))
    let sinceSeconds = try Self.number(value("sinceSeconds"))
    var sinceTime: Timestamp?
    if let text = value("sinceTime"), !text.isEmpty {
      guard let time = Timestamp(text) else { throw Self.undecodable }
      sinceTime = time
    }
    if let name = value("stream"), !name.isEmpty {
      guard let known = Stream(rawValue: name) else { throw Self.invalid }
      stream = known
    }
    guard tailLines ?? 0 >= 0, limitBytes ?? 1 > 0, sinceSeconds ?? 1 > 0,
      sinceTime == nil || sinceSeconds == nil, stream == .all || tailLines == nil
    else { throw Self.invalid }
    since =
      sinceTime
      ?? sinceSeconds.map { seconds in
        Timestamp(
          seconds: now.seconds.subtractingReportingOverflow(Int64(seconds)).partialValue,
          nanoseconds: now.nanoseconds)
      }
  }

  private static let undecodable = StatusError(
    code: 400, reason: "BadRequest", message: #"{"message": "Unable to decode query."}"#)
  private static let invalid = StatusError(
    code: 422, reason: "Invalid", message: #"{"message": "Invalid request."}"#)

  private static func number(_ text: String?) throws(StatusError) -> Int? {
    guard let text, !text.isEmpty else { return nil }
    guard let number = Int(text) else { throw undecodable }
    return number
  }
}
