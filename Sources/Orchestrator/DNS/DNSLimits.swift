/// What bounds the messages, queues and caches of the DNS server.
public enum DNSLimits {
  /// Bytes of a name on the wire, its end included (RFC 1035).
  public static let nameBytes = 255
  /// Bytes of one label.
  public static let labelBytes = 63
  /// Bytes of a message over TCP.
  public static let messageBytes = 65_535
  /// Bytes of an answer over UDP for clients that do not say what they take.
  public static let plainDatagramBytes = 512
  /// Bytes of an answer over UDP that is hardly ever cut into fragments; no client gets more, whatever it says.
  public static let datagramBytes = 1232
  /// Names in a message that later names may point to.
  static let compressionTargets = 64
  /// Aliases that are followed for one question.
  static let aliases = 8
  /// Name servers that are taken from a resolver's configuration.
  public static let upstreams = 8
  /// Questions that wait for upstreams at the same time; each has a socket.
  public static let forwardedQuestions = 256
  /// Clients that wait for upstreams at the same time.
  public static let waitingClients = 4096
  /// Attempts for one question, over all upstreams.
  public static let attempts = 4
  /// Answers of upstreams that are kept.
  public static let cachedAnswers = 10_000
  /// Bytes of all answers that are kept, about.
  public static let cachedBytes = 8 * 1024 * 1024
  /// Seconds that an answer of an upstream is kept.
  public static let cacheSeconds: UInt32 = 3600
  /// Seconds that an upstream's word that there is nothing is kept.
  public static let negativeCacheSeconds: UInt32 = 300
  /// Open TCP connections.
  public static let connections = 256
  /// Questions of one TCP connection that wait for their answers; more are not read.
  public static let questionsPerConnection = 8
  /// Bytes of a question over UDP; what is longer is cut, and then cannot be read.
  static let questionBytes = 4096
  /// Ports that are tried for one that is free for both UDP and TCP, if any will do.
  static let portAttempts = 32
}
