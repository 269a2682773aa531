import NIOCore
import Raft
import Synchronization

/// The two connections over which this member speaks to one other.
final class PeerLinks: Sendable {
  let member: MemberID
  let urgent: PeerLink
  let bulk: PeerLink
  private let reachedAt: Mutex<[PeerURL]>

  init(_ member: MemberID, urls: [PeerURL], core: TransportCore, counters: PeerCounters) {
    self.member = member
    reachedAt = Mutex(urls)
    urgent = PeerLink(to: member, .urgent, urls: urls, core: core, counters: counters)
    bulk = PeerLink(to: member, .bulk, urls: urls, core: core, counters: counters)
    urgent.start()
    bulk.start()
  }

  /// Where the member is reached.
  var urls: [PeerURL] { reachedAt.withLock { $0 } }

  func setURLs(_ urls: [PeerURL]) {
    reachedAt.withLock { $0 = urls }
    urgent.setURLs(urls)
    bulk.setURLs(urls)
  }

  func stop() {
    urgent.stop()
    bulk.stop()
  }

  /// Where a message belongs.
  func link(for message: Message) -> PeerLink { message.isBulk ? bulk : urgent }
}
