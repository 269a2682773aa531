import MVCC
import Raft
import Synchronization
import WAL

/// Brings other members what the core asks storage for: entries that are no longer in memory, and snapshots. On a thread
/// of its own, so that neither the log nor the core waits for it.
///
/// A snapshot is spooled to a file first, so that a slow receiver holds nothing of the store, and so that an attempt that
/// was cut off goes on where it ended. It serves all members that need one meanwhile.
///
/// Safe: because what is mutable belongs to the executor's work, one piece at a time, except `attachment`.
final class Supplies: @unchecked Sendable {
  private struct Attachment {
    var submit: (@Sendable (RaftInput) -> Void)?
  }

  /// A spooled snapshot.
  private struct Spool {
    var path: String
    var description: SnapshotDescription
    var madeAt: UInt64
    var users = 0
  }

  /// A spool is offered to further members for so long.
  private static let spoolNanoseconds: UInt64 = 60_000_000_000

  private let attachment = Mutex(Attachment())
  private let executor: any Executor
  private let store: Store
  private let reader: LogReader
  private let folder: SpoolFolder
  private let transport: (any PeerTransport)?
  private let clock: any NodeClock
  private let log: NodeLog
  private var spools: [Spool] = []
  private var nextSpool = 0

  init(
    executor: any Executor, store: Store, reader: LogReader, folder: SpoolFolder,
    transport: (any PeerTransport)?, clock: any NodeClock, log: NodeLog
  ) {
    self.executor = executor
    self.store = store
    self.reader = reader
    self.folder = folder
    self.transport = transport
    self.clock = clock
    self.log = log
  }

  func attach(_ submit: @escaping @Sendable (RaftInput) -> Void) {
    attachment.withLock { $0.submit = submit }
  }

  private func submit(_ input: RaftInput) { attachment.withLock { $0.submit }?(input) }

  // MARK: entries

  /// Reads entries for a member that lags.
  func read(_ read: LogRead) {
    executor.execute { [self] in
      do throws(WALError) {
        let found = try reader.read(from: read.from, through: read.through, maximumBytes: read.maximumBytes)
        let entries = found?.records.compactMap { Entry($0) } ?? []
        submit(.logRead(read.member, entries, previousTerm: entries.isEmpty ? nil : found?.precedingTerm))
      } catch {
        log.error("entries for a member that lags cannot be read back; it gets a snapshot", "\(error)")
        submit(.logRead(read.member, [], previousTerm: nil))
      }
    }
  }

  // MARK: snapshots

  /// Sends the checkpoint's content to a member.
  func sendSnapshot(to member: MemberID, term: Term) {
    executor.execute { [self] in
      do {
        let place = try spool()
        spools[place].users += 1
        var description = spools[place].description
        description.term = term
        let path = spools[place].path
        let index = description.snapshot.index
        let source = try SpoolSource(path: path)
        log.info(
          "sending a snapshot",
          ["to": "\(hex(member))", "index": "\(index)", "bytes": "\(description.byteCount)"])
        transport?.sendSnapshot(description, from: source, to: member) { [self] isTaken in
          executor.execute { [self] in ended(path, member, isTaken ? index : nil) }
        }
      } catch {
        log.error("a snapshot for member \(hex(member)) cannot be made; it is tried again", "\(error)")
        submit(.snapshotSent(member, nil))
      }
    }
  }

  private func ended(_ path: String, _ member: MemberID, _ index: LogIndex?) {
    if let place = spools.firstIndex(where: { $0.path == path }) { spools[place].users -= 1 }
    if index == nil {
      log.error("a snapshot did not reach member \(hex(member)); it is tried again", "cut off")
    }
    submit(.snapshotSent(member, index))
    drop()
  }

  /// One that can be sent: whoever has it finds what follows in the log.
  private func spool() throws -> Int {
    drop()
    let now = clock.now()
    if let place = spools.lastIndex(where: {
      $0.description.snapshot.index + 1 >= reader.firstIndex && now &- $0.madeAt < Self.spoolNanoseconds
    }) {
      return place
    }
    nextSpool += 1
    let path = try folder.path("outgoing-\(nextSpool)")
    let (header, summary) = try store.writeSnapshot(to: path)
    guard let document = header.documents[Cluster.documentName], let cluster = Cluster(document: document)
    else {
      folder.remove(path)
      throw StartError("the checkpoint does not know the cluster yet")
    }
    let position = header.position
    let description = SnapshotDescription(
      snapshot: Snapshot(index: position.index, term: position.term, membership: cluster.membership), term: 0,
      contentID: UInt64(summary.hash) << 32 ^ position.index, byteCount: try SpoolSource.size(of: path))
    spools.append(Spool(path: path, description: description, madeAt: now))
    return spools.count - 1
  }

  /// Removes those that nobody needs any more.
  private func drop() {
    let now = clock.now()
    spools.removeAll { spool in
      guard spool.users == 0,
        now &- spool.madeAt >= Self.spoolNanoseconds
          || spool.description.snapshot.index + 1 < reader.firstIndex
      else { return false }
      folder.remove(spool.path)
      return true
    }
  }

  func stop() { executor.stop() }
}
