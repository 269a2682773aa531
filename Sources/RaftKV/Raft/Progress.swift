/// What the leader knows of a member, and each member of the others' capacity and votes.
struct Progress: Sendable {
  /// How the leader sends to a member.
  enum State: Sendable, Hashable {
    /// Where the logs agree is not known: one append at a time, until one is accepted.
    case probe
    /// The logs agree at `match`: appends are sent ahead of their answers.
    case replicate
    /// It needs entries that are gone: nothing is sent until a snapshot has brought it further.
    case snapshot
  }

  let id: MemberID
  var isVoter = false
  var isOutgoingVoter = false

  /// The highest index known to be durable there and equal to the leader's log.
  var match: LogIndex = 0
  /// The next entry to send; above `match`.
  var next: LogIndex = 1
  var state: State = .probe
  /// A probe is under way; the next one waits for an answer or a heartbeat's.
  var probeSent = false
  /// An append is due even if there is nothing new to send, since something may have been lost.
  var needsAppend = false
  /// The commit index it was last told, as far as the log it then had been sent.
  var sentCommit: LogIndex = 0
  /// Storage was asked for the entries at `next`.
  var awaitsLog = false
  /// Nothing was accepted since the last tick's heartbeat.
  var isQuiet = false
  /// It was heard from since the last check of the quorum.
  var isActive = false
  /// The newest round of heartbeats that it answered.
  var round: UInt64 = 0
  var inflights = Inflights()
  /// Its answer in the election under way.
  var vote: Bool?

  init(id: MemberID) { self.id = id }

  var decides: Bool { isVoter || isOutgoingVoter }

  /// Forgets what was known of its log; `last` is the leader's own last entry.
  mutating func reset(last: LogIndex) {
    match = 0
    sentCommit = 0
    isActive = false
    round = 0
    vote = nil
    become(.probe)
    next = last + 1
  }

  mutating func become(_ newState: State) {
    state = newState
    probeSent = false
    needsAppend = false
    awaitsLog = false
    inflights.removeAll()
    next = match + 1
  }

  /// It holds everything through `index`.
  mutating func accepted(_ index: LogIndex) {
    if index > match { match = index }
    if next <= match {
      next = match + 1
      // What storage was asked for is there already; the answer will fit nothing.
      awaitsLog = false
    }
    probeSent = false
    isQuiet = false
  }
}

/// Appends on their way to one member, oldest first: how many there are and how many bytes of entries they hold.
struct Inflights: Sendable {
  private var items: [(last: LogIndex, bytes: Int)] = []
  private var head = 0
  private(set) var bytes = 0

  var count: Int { items.count - head }

  mutating func add(last: LogIndex, bytes added: Int) {
    if head > 32 && head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    items.append((last, added))
    bytes += added
  }

  /// Those that end at or before `index` were answered.
  mutating func free(through index: LogIndex) {
    while head < items.count && items[head].last <= index {
      bytes -= items[head].bytes
      head += 1
    }
    if head == items.count { removeAll() }
  }

  mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    head = 0
    bytes = 0
  }
}
