public import Objects

/// How one try of a probe went.
public struct ProbeOutcome: Sendable, Hashable {
  /// The kinds of outcome.
  public enum Result: Sendable, Hashable {
    /// It went well.
    case success
    /// It did not.
    case failure
    /// It could not be tried: that counts for nothing.
    case unknown
  }

  /// How it went.
  public var result: Result
  /// What was seen.
  public var output: String

  /// An outcome.
  public init(_ result: Result, _ output: String = "") {
    self.result = result
    self.output = output
  }
}

/// One probe of one container: when it is tried next, and what its tries add up to.
public struct ProbeState: Sendable, Hashable {
  /// What to do now.
  public enum Step: Sendable, Hashable {
    /// Ask again then, or when the container changes.
    case wait(Duration)
    /// Try, and tell the outcome.
    case run
    /// Nothing more for this container.
    case stop
  }

  /// What is tried.
  public let spec: ProbeSpec
  /// The container, by the runtime's id.
  public let containerID: String
  /// What the tries add up to; nil before the first verdict.
  public private(set) var verdict: Bool?
  private let startedAt: Timestamp
  private var lastTry: Timestamp?
  private var last: ProbeOutcome.Result?
  private var run = 0
  private var isOnHold = false

  /// The probe of a container that has just been seen running.
  public init(_ spec: ProbeSpec, containerID: String, startedAt: Timestamp) {
    self.spec = spec
    self.containerID = containerID
    self.startedAt = startedAt
    // Until it is known better a container lives, and is not ready.
    switch spec.kind {
    case .liveness: verdict = true
    case .readiness: verdict = false
    case .startup: verdict = nil
    }
  }

  /// What to do now.
  ///
  /// - Parameters:
  ///   - isStarted: whether the startup probe has succeeded, or there is none.
  ///   - isEnding: whether the pod is being deleted.
  public func step(isStarted: Bool, isEnding: Bool, now: Timestamp) -> Step {
    if isOnHold { return .stop }
    if isEnding, spec.kind != .readiness { return .stop }
    if isStarted == (spec.kind == .startup) {
      return isStarted ? .stop : .wait(spec.period)
    }
    let delay = spec.initialDelay - now.since(startedAt)
    if delay > .zero { return .wait(delay) }
    guard let lastTry else { return .run }
    let rest = spec.period - now.since(lastTry)
    // Never longer than a period, even if the clock was set back.
    return rest > .zero ? .wait(min(rest, spec.period)) : .run
  }

  /// Takes an outcome; true if the verdict is another one now.
  public mutating func take(_ outcome: ProbeOutcome, now: Timestamp) -> Bool {
    lastTry = now
    guard outcome.result != .unknown else { return false }
    run = outcome.result == last ? run + 1 : 1
    last = outcome.result
    let isSuccess = outcome.result == .success
    guard run >= (isSuccess ? spec.successThreshold : spec.failureThreshold) else { return false }
    let before = verdict
    verdict = isSuccess
    if !isSuccess, spec.kind != .readiness {
      // The container is to be restarted; the next one has a state of its own.
      isOnHold = true
    }
    return verdict != before
  }

  /// The message of the `Unhealthy` event; nil where there is nothing to tell.
  public func message(_ outcome: ProbeOutcome) -> String? {
    switch outcome.result {
    case .success: nil
    case .failure: "\(spec.kind.rawValue) probe failed: \(outcome.output)"
    case .unknown: "\(spec.kind.rawValue) probe errored: \(outcome.output)"
    }
  }
}
