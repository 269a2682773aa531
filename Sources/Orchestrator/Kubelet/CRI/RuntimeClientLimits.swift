/// Every bound of a runtime's client, in one place.
public struct RuntimeClientLimits: Sendable {
  /// Calls under way that the runtime answers at once: states, lists, small changes.
  public var quickCalls = 32
  /// Calls under way that wait for something: sandboxes, stops, commands, pulls. Stopping many pods with a long grace
  /// period must not keep the quick ones from their turn.
  public var longCalls = 128
  /// Streams of events open.
  public var eventStreams = 4
  /// Calls of one kind that wait for their turn; further ones fail with `.resourceExhausted`.
  public var waitingCalls = 1_024
  /// Events that nobody has read yet; more of them end the stream with `.resourceExhausted`.
  public var unreadEvents = 1_024
  /// The largest answer, in bytes: the two outputs of a command have 16 MiB each.
  public var messageBytes = 40 << 20

  /// How long a quick call may take, waiting for its turn included.
  public var quickTimeout = Duration.seconds(120)
  /// How long a sandbox may take to be made or stopped, with its network.
  public var sandboxTimeout = Duration.seconds(240)
  /// How long a pull may take.
  public var pullTimeout = Duration.seconds(3_600)
  /// How long a command without a timeout of its own may take.
  public var execTimeout = Duration.seconds(86_400)
  /// What a call has beyond the grace period or timeout that it carries.
  public var allowance = Duration.seconds(60)

  /// How long a connection may take to be made.
  public var connectTimeout = Duration.seconds(10)
  /// The pause after the first failure to connect; it doubles with each further one. Calls meanwhile fail at once.
  public var firstPause = Duration.milliseconds(50)
  /// The longest such pause.
  public var longestPause = Duration.seconds(2)

  /// The defaults.
  public init() {}
}
