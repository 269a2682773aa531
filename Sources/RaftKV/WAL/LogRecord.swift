/// One record of the log: an entry, or other state the log's user must find again, such as the Raft hard state.
public struct LogRecord: Sendable, Hashable {
  /// What the payload is, in the user's numbering; 1...254.
  public var kind: UInt8
  /// The log begins anew with this record: everything before it is void, and the next entry is `index + 1`, as
  /// after a snapshot that stands for all entries up to `index`. Such a record is not an entry itself.
  public var beginsAnew: Bool
  /// The Raft term of an entry; the log only keeps it.
  public var term: UInt64
  /// The Raft index of an entry; 0 for a record that is not an entry.
  public var index: UInt64
  /// The user's bytes.
  public var payload: [UInt8]

  /// Creates a record.
  public init(kind: UInt8, term: UInt64, index: UInt64, payload: [UInt8], beginsAnew: Bool = false) {
    self.kind = kind
    self.beginsAnew = beginsAnew
    self.term = term
    self.index = index
    self.payload = payload
  }

  /// Whether this is an entry of the log.
  public var isEntry: Bool { index > 0 && !beginsAnew }
}
