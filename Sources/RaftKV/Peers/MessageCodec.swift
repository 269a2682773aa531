import NIOCore
import Raft

/// Raft's messages as bytes. Numbers are little-endian; `n × (…)` is a 32-bit count and so many of what follows;
/// `bytes` is a 32-bit length and so many bytes; a flag is one byte, 0 or 1.
///
/// | field | bytes | |
/// | --- | --- | --- |
/// | kind | 1 | which of the bodies below follows |
/// | from, to | 8 + 8 | the members |
/// | term | 8 | the sender's |
/// | body | | by kind |
///
/// | kind | body | fields |
/// | --- | --- | --- |
/// | 1 | preVote | last index 8, last term 8 |
/// | 2 | preVoteResponse | granted flag, commit 8, commit term 8 |
/// | 3 | requestVote | last index 8, last term 8, transfer flag |
/// | 4 | voteResponse | granted flag, commit 8, commit term 8 |
/// | 5 | append | previous index 8, previous term 8, commit 8, n × entry |
/// | 6 | appendResponse | index 8 |
/// | 7 | appendRejected | previous index 8, hint index 8, hint term 8 |
/// | 8 | heartbeat | commit 8, round 8 |
/// | 9 | heartbeatResponse | round 8 |
/// | 10 | readIndex | context 8 |
/// | 11 | readIndexResponse | context 8, index 8 |
/// | 12 | snapshot | snapshot |
/// | 13 | timeoutNow | |
/// | 14 | entriesLost | last index 8 |
///
/// | part | fields |
/// | --- | --- |
/// | entry | term 8, index 8, kind 1, data bytes |
/// | snapshot | index 8, term 8, membership |
/// | membership | voters, outgoing voters, learners, next learners: each n × id 8, ascending; leaves automatically flag |
enum MessageCodec {
  private enum Kind: UInt8 {
    case preVote = 1
    case preVoteResponse, requestVote, voteResponse, append, appendResponse, appendRejected, heartbeat
    case heartbeatResponse, readIndex, readIndexResponse, snapshot, timeoutNow, entriesLost
  }

  /// An entry without data.
  private static let entryBytes = 8 + 8 + 1 + 4

  /// About how many bytes a message takes, for the bounds of queues.
  static func estimatedBytes(_ message: Message) -> Int {
    guard case .append(_, _, _, let entries) = message.body else { return 64 }
    return entries.reduce(64) { $0 + entryBytes + $1.data.count }
  }

  static func encode(_ message: Message, into buffer: inout ByteBuffer) {
    func head(_ kind: Kind) {
      buffer.put(kind.rawValue)
      buffer.put(message.from)
      buffer.put(message.to)
      buffer.put(message.term)
    }
    func numbers(_ values: UInt64...) {
      for value in values { buffer.put(value) }
    }
    switch message.body {
    case .preVote(let lastIndex, let lastTerm):
      head(.preVote)
      numbers(lastIndex, lastTerm)
    case .preVoteResponse(let granted, let commit, let commitTerm):
      head(.preVoteResponse)
      buffer.put(granted)
      numbers(commit, commitTerm)
    case .requestVote(let lastIndex, let lastTerm, let isTransfer):
      head(.requestVote)
      numbers(lastIndex, lastTerm)
      buffer.put(isTransfer)
    case .voteResponse(let granted, let commit, let commitTerm):
      head(.voteResponse)
      buffer.put(granted)
      numbers(commit, commitTerm)
    case .append(let previousIndex, let previousTerm, let commit, let entries):
      head(.append)
      numbers(previousIndex, previousTerm, commit)
      buffer.put(UInt32(entries.count))
      for entry in entries {
        numbers(entry.term, entry.index)
        buffer.put(entry.kind.rawValue)
        buffer.putCounted(entry.data)
      }
    case .appendResponse(let index):
      head(.appendResponse)
      numbers(index)
    case .appendRejected(let previousIndex, let hintIndex, let hintTerm):
      head(.appendRejected)
      numbers(previousIndex, hintIndex, hintTerm)
    case .entriesLost(let lastIndex):
      head(.entriesLost)
      numbers(lastIndex)
    case .heartbeat(let commit, let round):
      head(.heartbeat)
      numbers(commit, round)
    case .heartbeatResponse(let round):
      head(.heartbeatResponse)
      numbers(round)
    case .readIndex(let context):
      head(.readIndex)
      numbers(context)
    case .readIndexResponse(let context, let index):
      head(.readIndexResponse)
      numbers(context, index)
    case .snapshot(let snapshot):
      head(.snapshot)
      encode(snapshot, into: &buffer)
    case .timeoutNow: head(.timeoutNow)
    }
  }

  /// Reads one message that fills the rest of `buffer`.
  static func decode(_ buffer: inout ByteBuffer) throws(WireError) -> Message {
    let number = try buffer.take(UInt8.self)
    guard let kind = Kind(rawValue: number) else { throw .unknown("message kind", number) }
    let from: MemberID = try buffer.take()
    let to: MemberID = try buffer.take()
    let term: Term = try buffer.take()
    guard from != 0, to != 0 else { throw .malformed("a message is from or to nobody") }
    let body = try decodeBody(kind, &buffer)
    try buffer.expectEnd()
    return Message(from: from, to: to, term: term, body: body)
  }

  private static func decodeBody(_ kind: Kind, _ buffer: inout ByteBuffer) throws(WireError) -> Message.Body {
    switch kind {
    case .preVote: return .preVote(lastIndex: try buffer.take(), lastTerm: try buffer.take())
    case .preVoteResponse:
      return .preVoteResponse(
        granted: try buffer.takeFlag(), commit: try buffer.take(), commitTerm: try buffer.take())
    case .requestVote:
      return .requestVote(
        lastIndex: try buffer.take(), lastTerm: try buffer.take(), isTransfer: try buffer.takeFlag())
    case .voteResponse:
      return .voteResponse(
        granted: try buffer.takeFlag(), commit: try buffer.take(), commitTerm: try buffer.take())
    case .append:
      return .append(
        previousIndex: try buffer.take(), previousTerm: try buffer.take(), commit: try buffer.take(),
        entries: try decodeEntries(&buffer))
    case .appendResponse: return .appendResponse(index: try buffer.take())
    case .appendRejected:
      return .appendRejected(
        previousIndex: try buffer.take(), hintIndex: try buffer.take(), hintTerm: try buffer.take())
    case .entriesLost: return .entriesLost(lastIndex: try buffer.take())
    case .heartbeat: return .heartbeat(commit: try buffer.take(), round: try buffer.take())
    case .heartbeatResponse: return .heartbeatResponse(round: try buffer.take())
    case .readIndex: return .readIndex(context: try buffer.take())
    case .readIndexResponse:
      return .readIndexResponse(context: try buffer.take(), index: try buffer.take())
    case .snapshot: return .snapshot(try decodeSnapshot(&buffer))
    case .timeoutNow: return .timeoutNow
    }
  }

  private static func decodeEntries(_ buffer: inout ByteBuffer) throws(WireError) -> [Entry] {
    let count = try buffer.takeCount(minimumBytes: entryBytes)
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let term: Term = try buffer.take()
      let index: LogIndex = try buffer.take()
      let number = try buffer.take(UInt8.self)
      guard let kind = Entry.Kind(rawValue: number) else { throw .unknown("entry kind", number) }
      entries.append(Entry(term: term, index: index, kind: kind, data: try buffer.takeCounted()))
    }
    return entries
  }

  static func encode(_ snapshot: Snapshot, into buffer: inout ByteBuffer) {
    buffer.put(snapshot.index)
    buffer.put(snapshot.term)
    let membership = snapshot.membership
    for list in [
      membership.voters, membership.outgoingVoters, membership.learners, membership.nextLearners,
    ] {
      buffer.put(UInt32(list.count))
      for member in list { buffer.put(member) }
    }
    buffer.put(membership.leavesAutomatically)
  }

  static func decodeSnapshot(_ buffer: inout ByteBuffer) throws(WireError) -> Snapshot {
    let index: LogIndex = try buffer.take()
    let term: Term = try buffer.take()
    var membership = Membership(voters: try decodeMembers(&buffer))
    membership.outgoingVoters = try decodeMembers(&buffer)
    membership.learners = try decodeMembers(&buffer)
    membership.nextLearners = try decodeMembers(&buffer)
    membership.leavesAutomatically = try buffer.takeFlag()
    return Snapshot(index: index, term: term, membership: membership)
  }

  private static func decodeMembers(_ buffer: inout ByteBuffer) throws(WireError) -> [MemberID] {
    let count = try buffer.takeCount(minimumBytes: 8)
    var members: [MemberID] = []
    members.reserveCapacity(count)
    var previous: MemberID = 0
    for _ in 0..<count {
      let member: MemberID = try buffer.take()
      guard member > previous else { throw .malformed("a list of members is not in order") }
      members.append(member)
      previous = member
    }
    return members
  }
}

extension Message {
  /// It may be large, or must not overtake what is: it travels beside the urgent ones.
  var isBulk: Bool {
    switch body {
    case .append, .snapshot: true
    default: false
    }
  }
}
