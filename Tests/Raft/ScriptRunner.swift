import Raft

/// Runs the commands of the scripts under `testdata`, and returns what they made happen. All members are processed
/// after each command; a member's writes stay pending until `persist` or `stabilize`.
///
/// - `add-nodes N [learners=…] [option=value …]`: members 1…N; the options set bounds and switches.
/// - `start ID voters=…`: one more member that starts without a log.
/// - `campaign ID`, `tick ID [N]`, `propose ID TEXT…`, `read ID CONTEXT`, `transfer ID TO`
/// - `change ID add-voter|add-learner|remove MEMBER … [joint]`, `change ID leave`
/// - `persist ID [N]`, `hold ID` and `release ID`: whether `stabilize` persists a member's writes.
/// - `deliver [FROM->TO]`: what is on the way now; `lose`, `duplicate`, `reverse` change what is on the way.
/// - `cut A B` both ways, `cut-from A B` one way, `heal`; `isolate ID`
/// - `stabilize`: deliver and persist until nothing is left to do.
/// - `damage ID INDEX`: of a member that is down, the entries from there on are lost.
/// - `crash ID [writes] [parts]`, `restart ID`, `checkpoint ID`: the last also discards the log behind it.
/// - `send-snapshot ID`, `snapshot-finished ID MEMBER [INDEX]`
/// - `status`, `log ID`, `quiet` and `loud`: whether what happens is shown.
struct ScriptRunner {
  struct BadCommand: Error { var line: String }

  private var cluster = Cluster()
  private var output: [String] = []
  private var isQuiet = false
  private let sink = Sink()

  /// Where the observer of the cluster puts its lines.
  private final class Sink {
    var lines: [String] = []
  }

  init() {
    let sink = self.sink
    cluster.observe = { id, ready in sink.lines += Trace.ready(id, ready) }
  }

  mutating func run(_ commands: [String]) throws -> [String] {
    output = []
    for command in commands {
      let words = command.split(separator: " ").map(String.init)
      if words.isEmpty || command.hasPrefix("#") { continue }
      if commands.count > 1 { note("> \(command)") }
      try perform(words, line: command)
    }
    return output.isEmpty ? ["ok"] : output
  }

  private mutating func note(_ line: String) { output.append(line) }

  private mutating func perform(_ words: [String], line: String) throws {
    func id(_ place: Int) throws -> MemberID {
      guard words.count > place, let id = MemberID(words[place]) else { throw BadCommand(line: line) }
      return id
    }
    func member(_ place: Int) throws -> Int {
      guard let position = cluster.position(try id(place)) else { throw BadCommand(line: line) }
      return position
    }

    switch words[0] {
    case "add-nodes": try addNodes(words, line: line)
    case "start":
      let voters = words.dropFirst(2).flatMap { $0.dropFirst("voters=".count).split(separator: ",") }
      cluster.members.append(
        try TestMember(
          Configuration(id: try id(1)), membership: Membership(voters: voters.compactMap { MemberID($0) }),
          seed: try id(1)))
    case "campaign": cluster.members[try member(1)].raft?.campaign()
    case "tick":
      for _ in 0..<(words.count > 2 ? Int(words[2]) ?? 1 : 1) {
        cluster.members[try member(1)].raft?.tick()
        processAll()
      }
    case "propose":
      let position = try member(1)
      do throws(ProposeError) {
        _ = try cluster.members[position].raft?.propose(words.dropFirst(2).map { Array($0.utf8) })
      } catch { note("refused: \(error)") }
    case "change":
      let position = try member(1)
      do throws(ProposeError) {
        _ = try cluster.members[position].raft?.propose(Self.change(words))
      } catch { note("refused: \(error)") }
    case "read":
      let position = try member(1)
      do throws(ReadIndexError) {
        try cluster.members[position].raft?.readIndex(context: UInt64(words[2]) ?? 0)
      } catch { note("refused: \(error)") }
    case "transfer":
      let position = try member(1)
      let target = try id(2)
      do throws(ProposeError) {
        try cluster.members[position].raft?.transferLeadership(to: target)
      } catch { note("refused: \(error)") }
    case "persist": cluster.persist(try id(1), count: words.count > 2 ? Int(words[2]) ?? 1 : .max)
    case "hold": cluster.members[try member(1)].holdsDisk = true
    case "release": cluster.members[try member(1)].holdsDisk = false
    case "deliver": deliver(only: words.count > 1 ? words[1] : nil)
    case "lose": cluster.network = []
    case "duplicate": cluster.network += cluster.network
    case "reverse": cluster.network.reverse()
    case "cut":
      cluster.cut.insert(.init(from: try id(1), to: try id(2)))
      cluster.cut.insert(.init(from: try id(2), to: try id(1)))
    case "cut-from": cluster.cut.insert(.init(from: try id(1), to: try id(2)))
    case "isolate":
      for other in cluster.members where other.configuration.id != (try id(1)) {
        cluster.cut.insert(.init(from: try id(1), to: other.configuration.id))
        cluster.cut.insert(.init(from: other.configuration.id, to: try id(1)))
      }
    case "heal": cluster.cut = []
    case "stabilize": try stabilize()
    case "crash":
      cluster.members[try member(1)].crash(
        writes: words.count > 2 ? Int(words[2]) ?? 0 : 0, parts: words.count > 3 ? Int(words[3]) ?? 0 : 0)
    case "damage": cluster.members[try member(1)].damage(from: LogIndex(words[2]) ?? 0)
    case "restart": try cluster.members[try member(1)].start()
    case "checkpoint":
      let position = try member(1)
      cluster.members[position].takeCheckpoint()
      let covered = cluster.members[position].checkpoint
      cluster.members[position].disk.discard(
        through: covered, membership: cluster.members[position].checkpointMembership)
      cluster.members[position].raft?.storageDiscarded(below: covered + 1)
    case "send-snapshot": cluster.sendSnapshots(try id(1))
    case "snapshot-finished":
      cluster.members[try member(1)].raft?.snapshotFinished(
        for: try id(2), index: words.count > 3 ? LogIndex(words[3]) : nil)
    case "status": status()
    case "log":
      let entries = cluster.members[try member(1)].raft?.entriesInMemory(from: 1) ?? []
      note("\(words[1]) log \(Trace.entries(entries))")
    case "quiet": isQuiet = true
    case "loud": isQuiet = false
    default: throw BadCommand(line: line)
    }
    processAll()
  }

  private mutating func processAll() {
    for member in cluster.members { cluster.process(member.configuration.id) }
    if !isQuiet { output += sink.lines }
    sink.lines = []
  }

  private mutating func deliver(only link: String?) {
    let batch = cluster.network
    cluster.network = []
    for message in batch {
      if let link, link != "\(message.from)->\(message.to)" {
        cluster.network.append(message)
        continue
      }
      do throws(RaftError) {
        if try !cluster.deliver(message), !isQuiet { note("lost \(Trace.message(message))") }
      } catch { note("\(message.to) refused \(Trace.message(message)): \(error)") }
      processAll()
    }
  }

  private mutating func stabilize() throws {
    for _ in 0..<1_000 {
      let hasWrites = cluster.members.contains { !$0.holdsDisk && !$0.disk.pending.isEmpty }
      if cluster.network.isEmpty && !hasWrites { return }
      for member in cluster.members where !member.holdsDisk {
        cluster.persist(member.configuration.id)
        processAll()
      }
      deliver(only: nil)
    }
    throw BadCommand(line: "stabilize does not end")
  }

  private mutating func addNodes(_ words: [String], line: String) throws {
    guard words.count > 1, let count = MemberID(words[1]), count > 0 else { throw BadCommand(line: line) }
    var learners: [MemberID] = []
    var options: [(name: String, value: Int)] = []
    for word in words.dropFirst(2) {
      let parts = word.split(separator: "=").map(String.init)
      guard parts.count == 2 else { throw BadCommand(line: line) }
      if parts[0] == "learners" {
        learners = parts[1].split(separator: ",").compactMap { MemberID($0) }
      } else {
        options.append((parts[0], parts[1] == "on" ? 1 : parts[1] == "off" ? 0 : Int(parts[1]) ?? 0))
      }
    }
    let all = Array(1...count)
    let membership = Membership(voters: all.filter { !learners.contains($0) }, learners: learners)
    for id in all {
      var configuration = Configuration(id: id)
      for option in options {
        switch option.name {
        case "pre-vote": configuration.preVote = option.value == 1
        case "check-quorum": configuration.checkQuorum = option.value == 1
        case "inflight": configuration.maximumInflightMessages = option.value
        case "inflight-bytes": configuration.maximumInflightBytes = option.value
        case "message-bytes": configuration.maximumMessageBytes = option.value
        case "pending-bytes": configuration.maximumPendingBytes = option.value
        case "tail": configuration.maximumTailEntries = option.value
        case "writes": configuration.maximumOutstandingWrites = option.value
        case "read-rounds": configuration.maximumReadRounds = option.value
        case "reads": configuration.maximumPendingReads = option.value
        default: throw BadCommand(line: line)
        }
      }
      cluster.members.append(try TestMember(configuration, membership: membership, seed: id))
    }
  }

  private static func change(_ words: [String]) -> MembershipChange {
    var steps: [MembershipChange.Step] = []
    var place = 2
    while place + 1 < words.count, let member = MemberID(words[place + 1]) {
      switch words[place] {
      case "add-voter": steps.append(.addVoter(member))
      case "add-learner": steps.append(.addLearner(member))
      default: steps.append(.remove(member))
      }
      place += 2
    }
    return MembershipChange(steps: steps, staysJoint: words.last == "joint")
  }

  private mutating func status() {
    for member in cluster.members {
      guard let status = member.raft?.status else {
        note("\(member.configuration.id) down")
        continue
      }
      var line =
        "\(status.id) \(status.role) term=\(status.term) vote=\(status.vote) leader=\(status.leader)"
        + " commit=\(status.committed) applied=\(status.applied) stable=\(status.stable) last=\(status.lastIndex)"
      for peer in status.peers where peer.id != status.id {
        line += " \(peer.id)=\(peer.mode):\(peer.match)/\(peer.next)"
      }
      note(line)
    }
  }
}
