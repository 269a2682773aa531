import Raft

/// How scripts show what happens; part of their recorded output.
enum Trace {
  static func text(_ data: [UInt8]) -> String {
    data.isEmpty ? "-" : String(decoding: data, as: UTF8.self)
  }

  static func entry(_ entry: Entry) -> String {
    let data =
      entry.kind == .normal
      ? text(entry.data) : MembershipChange(decoding: entry.data).map(change) ?? "undecodable"
    return "\(entry.term)/\(entry.index):\(data)"
  }

  static func change(_ change: MembershipChange) -> String {
    if change.steps.isEmpty { return "[leave]" }
    return "["
      + change.steps.map { step in
        switch step {
        case .addVoter(let member): "voter \(member)"
        case .addLearner(let member): "learner \(member)"
        case .remove(let member): "remove \(member)"
        }
      }.joined(separator: ", ") + "]"
  }

  static func entries(_ entries: [Entry]) -> String { entries.map(entry).joined(separator: " ") }

  static func membership(_ membership: Membership) -> String {
    func list(_ name: String, _ members: [MemberID]) -> String {
      members.isEmpty ? "" : " \(name)=" + members.map(String.init).joined(separator: ",")
    }
    return list("voters", membership.voters) + list("outgoing", membership.outgoingVoters)
      + list("learners", membership.learners) + list("next-learners", membership.nextLearners)
  }

  static func message(_ message: Message) -> String {
    let body =
      switch message.body {
      case .preVote(let index, let term): "preVote last=\(term)/\(index)"
      case .preVoteResponse(let granted, let index, let term):
        "preVoteResponse \(granted ? "granted" : "rejected") commit=\(term)/\(index)"
      case .requestVote(let index, let term, let isTransfer):
        "requestVote last=\(term)/\(index)\(isTransfer ? " transfer" : "")"
      case .voteResponse(let granted, let index, let term):
        "voteResponse \(granted ? "granted" : "rejected") commit=\(term)/\(index)"
      case .append(let index, let term, let commit, let list):
        "append after=\(term)/\(index) commit=\(commit)\(list.isEmpty ? "" : " \(entries(list))")"
      case .appendResponse(let index): "appendResponse through=\(index)"
      case .appendRejected(let index, let hint, let term):
        "appendRejected after=\(index) hint=\(term)/\(hint)"
      case .heartbeat(let commit, let round): "heartbeat commit=\(commit) round=\(round)"
      case .entriesLost(let index): "entriesLost last=\(index)"
      case .heartbeatResponse(let round): "heartbeatResponse round=\(round)"
      case .readIndex(let context): "readIndex \(context)"
      case .readIndexResponse(let context, let index): "readIndexResponse \(context) index=\(index)"
      case .snapshot(let snapshot):
        "snapshot \(snapshot.term)/\(snapshot.index)\(membership(snapshot.membership))"
      case .timeoutNow: "timeoutNow"
      }
    return "\(message.from)->\(message.to) term=\(message.term) \(body)"
  }

  static func ready(_ id: MemberID, _ ready: Ready) -> [String] {
    var lines: [String] = []
    if let state = ready.softState {
      lines.append("\(id) is \(state.role) term=\(state.term) leader=\(state.leader)")
    }
    if let members = ready.membership { lines.append("\(id) members\(membership(members))") }
    if let write = ready.write {
      var line = "\(id) write \(write.number):"
      if let snapshot = write.snapshot { line += " snapshot=\(snapshot.term)/\(snapshot.index)" }
      if let state = write.hardState {
        line += " term=\(state.term) vote=\(state.vote) commit=\(state.commit)"
      }
      if !write.entries.isEmpty { line += " \(entries(write.entries))" }
      lines.append(line)
    }
    for sent in ready.messages { lines.append("  \(message(sent))") }
    if !ready.committed.isEmpty { lines.append("\(id) apply \(entries(ready.committed))") }
    for state in ready.readStates { lines.append("\(id) read \(state.context) at \(state.index)") }
    for context in ready.abandonedReads { lines.append("\(id) read \(context) abandoned") }
    for read in ready.logReads {
      lines.append("\(id) reads its log for \(read.member) from \(read.from) through \(read.through)")
    }
    for member in ready.snapshotsNeeded { lines.append("\(id) wants a snapshot for \(member)") }
    return lines
  }
}
