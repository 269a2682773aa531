public import NIOCore

/// Every bound of the transport's queues, frames and waits, in one place.
public struct PeerLimits: Sendable {
  /// The largest frame on a connection for entries and proposals, in bytes: an entry of 64 MiB fits.
  public var bulkFrameBytes = 66 << 20
  /// The largest frame on any other connection.
  public var urgentFrameBytes = 2 << 20
  /// Small messages that wait for one peer; the oldest is dropped for a new one.
  public var urgentQueueMessages = 4096
  /// … while there is no connection: what was said long ago is of no use to who comes back.
  public var urgentQueueMessagesWhenDown = 32
  /// Appends and batches of proposals that wait for one peer; what does not fit is dropped.
  public var bulkQueueMessages = 8192
  /// … and their bytes. One message is taken whatever its size when nothing waits.
  public var bulkQueueBytes = 64 << 20
  /// Questions to one peer that have no answer yet.
  public var outstandingAsks = 1024
  /// Questions of one peer that have no answer yet.
  public var outstandingAnswers = 4096
  /// Bytes of questions that wait for a connection to one peer.
  public var waitingAskBytes = 8 << 20
  /// Bytes of one question or answer.
  public var askBytes = 1 << 20
  /// Bytes of messages that become one write.
  public var writeBytes = 256 << 10
  /// Bytes that wait in a connection before its queue waits instead; lowest and highest.
  public var urgentWaterMark = 64 << 10...256 << 10
  /// See `urgentWaterMark`.
  public var bulkWaterMark = 256 << 10...1 << 20
  /// Connections accepted and open at one time.
  public var acceptedConnections = 512
  /// Members that greet this one before it has heard of them, and are answered nevertheless.
  public var unknownMembers = 8
  /// How long a connection may take to come about, and again how long its greeting.
  public var connectTimeout = TimeAmount.seconds(3)
  /// Between a connection's pings.
  public var pingInterval = TimeAmount.seconds(1)
  /// A connection on which nothing was heard for so long is closed.
  public var silence = TimeAmount.seconds(5)
  /// The pause after a first failure to connect; it doubles up to `maximumBackoff`.
  public var minimumBackoff = TimeAmount.milliseconds(50)
  /// See `minimumBackoff`.
  public var maximumBackoff = TimeAmount.seconds(2)
  /// Bytes of a snapshot in one frame.
  public var snapshotChunkBytes = 256 << 10
  /// Bytes of a snapshot that were received and wait for their sink; then reading pauses.
  public var snapshotWaitingBytes = 1 << 20
  /// Attempts to go on with a snapshot that brought nothing further, before it is given up.
  public var snapshotAttempts = 3
  /// Between log lines about the same thing; those between are counted.
  public var logInterval = TimeAmount.seconds(10)

  /// The bounds a member runs with.
  public init() {}
}
