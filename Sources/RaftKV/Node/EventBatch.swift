public import MVCC

/// Encodes changes for the wire. The wire's owner provides it.
public protocol EventEncoder: Sendable {
  /// Appends a change to `batch`; with what the key held before, if that is wanted, at the end of its bytes.
  /// Returns how many of the bytes come before that.
  func encode(_ change: borrowing ChangeView, wantsPrevious: Bool, to batch: EventBatch) throws(StoreError)
    -> Int
}

/// Events encoded once, which any number of streams then send.
///
/// Safe: because it is written by one thread before it is handed on, and never changes after that.
public final class EventBatch: @unchecked Sendable {
  /// Where an event's bytes are.
  public struct Event: Sendable {
    /// The revision that it belongs to.
    public var revision: Int64
    /// Its first byte.
    var start: Int
    /// Bytes without what the key held before.
    var bareBytes: Int
    /// All bytes.
    var bytes: Int
  }

  /// The events, in the order they happened.
  public private(set) var events: [Event] = []
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var byteCount = 0

  init(capacity: Int = 1024) {
    self.capacity = capacity
    memory = .allocate(byteCount: capacity, alignment: 1)
  }

  deinit { memory.deallocate() }

  /// Room for `count` more bytes, for an encoder to fill.
  public func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if byteCount + count > capacity { grow(to: byteCount + count) }
    defer { byteCount += count }
    return UnsafeMutableRawBufferPointer(start: memory + byteCount, count: count)
  }

  /// Encodes one more event and returns its number.
  func append(
    _ change: borrowing ChangeView, wantsPrevious: Bool, _ encoder: any EventEncoder
  ) throws(StoreError) -> Int32 {
    let start = byteCount
    let bare: Int
    do throws(StoreError) {
      bare = try encoder.encode(change, wantsPrevious: wantsPrevious, to: self)
    } catch {
      byteCount = start
      throw error
    }
    events.append(
      Event(revision: change.revision.main, start: start, bareBytes: bare, bytes: byteCount - start))
    return Int32(events.count - 1)
  }

  private func grow(to needed: Int) {
    let larger = max(needed, 2 * capacity)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 1)
    moved.copyMemory(from: memory, byteCount: byteCount)
    memory.deallocate()
    memory = moved
    capacity = larger
  }

  /// How many bytes an event has, with or without what the key held before.
  public func length(of event: Int32, withPrevious: Bool) -> Int {
    withPrevious ? events[Int(event)].bytes : events[Int(event)].bareBytes
  }

  /// An event's bytes, with or without what the key held before. Valid as long as the batch is held.
  public func bytes(of event: Int32, withPrevious: Bool) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: memory + events[Int(event)].start, count: length(of: event, withPrevious: withPrevious))
  }
}
