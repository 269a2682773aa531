import MVCC
import NIOCore

/// One read handle for each event loop, so that short reads need neither a hop nor a lock.
///
/// Safe: because the table never changes, and each handle is used on its own loop only, by work that does not
/// wait: `read` checks both.
final class LoopHandles: @unchecked Sendable {
  private let handles: [ObjectIdentifier: ReadHandle]

  init(_ group: any EventLoopGroup, store: Store) throws(StoreError) {
    var handles: [ObjectIdentifier: ReadHandle] = [:]
    for eventLoop in group.makeIterator() {
      handles[ObjectIdentifier(eventLoop)] = try store.makeReadHandle()
    }
    self.handles = handles
  }

  /// Reads with the handle of `eventLoop`, which must be the current one; nil when the loop is none of the group.
  func read<Result>(
    on eventLoop: any EventLoop, _ body: (ReadHandle) throws(StoreError) -> Result
  ) throws(StoreError) -> Result? {
    eventLoop.preconditionInEventLoop()
    guard let handle = handles[ObjectIdentifier(eventLoop)] else { return nil }
    return try body(handle)
  }
}
