public import MVCC
import Synchronization

/// What a client asks to watch (etcd API: `WatchCreateRequest`).
public struct WatchRequest: Sendable {
  /// The keys.
  public var range: KeyRange
  /// The first revision to report; 0 for what comes from now on.
  public var startRevision: Int64
  /// The id of the client's choice; 0 lets the server choose.
  public var id: Int64
  /// Report what a key held before, too.
  public var wantsPrevious = false
  /// Tell the client now and then how far it is.
  public var wantsProgress = false
  /// A revision's events may be split over several responses.
  public var mayFragment = false
  /// Leave puts out.
  public var skipsPuts = false
  /// Leave deletes out.
  public var skipsDeletes = false

  /// Everything about `range` from `startRevision` on.
  public init(range: KeyRange, startRevision: Int64, id: Int64 = 0) {
    self.range = range
    self.startRevision = startRevision
    self.id = id
  }
}

/// Why a watch was not created.
public enum WatchRefusal: Sendable, Hashable {
  /// The range holds no key.
  case emptyRange
  /// The id is in use on this stream.
  case duplicateID
  /// The start revision is negative.
  case negativeRevision
  /// The member has as many watchers as it may.
  case tooMany
}

/// What a stream is to tell its client, in this order.
public enum WatchNotice: Sendable {
  /// The watch exists, and reports what comes after `revision` if it starts from now on.
  case created(watch: Int64, revision: Int64)
  /// The watch was not created.
  case refused(WatchRefusal, revision: Int64)
  /// The client's cancel was carried out.
  case cancelled(watch: Int64, revision: Int64)
  /// The watch ended: what it asked for is gone.
  case compacted(watch: Int64, compactRevision: Int64)
  /// The watch ended: the store cannot be read.
  case failed(watch: Int64, StoreError, revision: Int64)
  /// Everything up to `revision` was reported; for all watches of the stream when `watch` is nil.
  case progress(watch: Int64?, revision: Int64)
  /// Events of one watch.
  case events(WatchEvents)
  /// Requests are taken again.
  case resume
}

/// Some events of one watch: numbers into a batch, listed in a parcel.
public struct WatchEvents: Sendable, Hashable {
  /// The watch's id on its stream.
  public var watch: Int64
  /// No event of the watch up to this revision is left out or still to come.
  public var revision: Int64
  /// The batch in the parcel.
  public var batch: Int
  /// Where in the parcel's `selection` the events are listed.
  public var selection: Range<Int>
  /// With what the keys held before.
  public var wantsPrevious: Bool
  /// They may be split over several responses.
  public var mayFragment: Bool
}

/// Notices for the streams of one outlet; those of a stream lie together.
public struct WatchParcel: Sendable {
  /// One notice.
  public struct Item: Sendable {
    /// Whom it is for.
    public var sink: any WatchSink
    /// What to tell.
    public var notice: WatchNotice
    /// What it counts against the stream's budget: to be given back by `WatchStream.release`.
    public var bytes: Int
  }

  /// The notices, in the order to be sent.
  public internal(set) var items: [Item] = []
  /// Batches that `WatchEvents` name.
  public internal(set) var batches: [EventBatch] = []
  /// Numbers of events that `WatchEvents` name.
  public internal(set) var selection: [Int32] = []

  init() {}
}

/// The way to some streams' clients: an event loop. Called by one thread at a time.
public protocol WatchOutlet: AnyObject, Sendable {
  /// Takes the notices over, to be sent in this order and after all that came before. Must not wait.
  func deliver(_ parcel: WatchParcel)
}

/// The client's end of one stream.
public protocol WatchSink: AnyObject, Sendable {
  /// Sends `items` of a parcel, all for this stream.
  func receive(_ parcel: WatchParcel, _ items: Range<Int>)
}

/// The watches of one client stream. Made by `WatchHub.open`.
///
/// Safe: because everything mutable is atomic or belongs to the watch stage.
public final class WatchStream: @unchecked Sendable {
  /// Bytes handed over and not yet given back.
  let outstanding = Atomic<Int>(0)
  /// The watch stage wants to know when half of the budget is free again.
  let wantsDrainNotice = Atomic<Bool>(false)
  /// Requests handed over and not yet taken up.
  let pendingRequests = Atomic<Int>(0)
  /// The client's requests are held back until fewer wait.
  let isHeld = Atomic<Bool>(false)
  private let hub: WatchHub

  // The watch stage's.
  let outlet: any WatchOutlet
  /// Streams are numbered in the order they are opened.
  var number: UInt64 = 0
  var queue: OutletQueue?
  var sink: (any WatchSink)?
  var watchers: [Int64: Watcher] = [:]
  var nextID: Int64 = 0
  /// Watchers with events in the batch being dispatched.
  var touched: [Watcher] = []
  /// Watchers that wait until the client has read more.
  var stalled: [Watcher] = []
  var progressWatchers = 0
  var nextProgress: UInt64 = 0

  init(hub: WatchHub, outlet: any WatchOutlet) {
    self.hub = hub
    self.outlet = outlet
  }

  // MARK: the client's side, from its event loop

  /// Asks for a watch. False when so many requests wait that the client must be held back until `.resume`; the
  /// request is taken nevertheless.
  public func create(_ request: WatchRequest) -> Bool { hub.request(self, .create(self, request)) }

  /// Ends a watch; nothing happens if there is none of that id. As `create`.
  public func cancel(_ watch: Int64) -> Bool { hub.request(self, .cancel(self, watch)) }

  /// Asks for `.progress` of all watches together; no answer comes unless all are up to date. As `create`.
  public func requestProgress() -> Bool { hub.request(self, .progress(self)) }

  /// Gives back what items of a parcel counted, once their bytes left the stream's buffer.
  public func release(_ bytes: Int) {
    let left = outstanding.wrappingSubtract(bytes, ordering: .sequentiallyConsistent).newValue
    if left <= hub.limits.watchStreamBytes / 2, wantsDrainNotice.load(ordering: .sequentiallyConsistent),
      wantsDrainNotice.exchange(false, ordering: .sequentiallyConsistent)
    {
      hub.submit(.drained(self))
    }
  }

  /// Ends all watches: the client is gone. Notices may still arrive.
  public func close() { hub.submit(.close(self)) }
}

/// One watch.
///
/// Safe: because everything mutable belongs to the watch stage.
final class Watcher: RangeWatcher, @unchecked Sendable {
  enum State {
    /// In the index: gets events as they happen, from revision `next` on.
    case synced
    /// Behind, and waits for a reader, or is being read for.
    case behind
    /// Behind, and waits for its client to read.
    case stalled
    case ended
  }

  let id: Int64
  let range: KeyRange
  let wantsPrevious: Bool
  let wantsProgress: Bool
  let mayFragment: Bool
  let skipsPuts: Bool
  let skipsDeletes: Bool
  /// What the client asked to start from.
  let startRevision: Int64
  unowned let stream: WatchStream
  var groupSlot = 0
  var state = State.synced
  /// Every event before this revision was handed over, or is not wanted.
  var next: Int64
  /// Events of the batch being dispatched.
  var pending: [Int32] = []
  /// The revision in the batch being dispatched from which on it gets nothing; 0 for none.
  var leftOutFrom: Int64 = 0
  /// It got events since the last progress notice was due.
  var hadEvents = false

  init(_ request: WatchRequest, id: Int64, next: Int64, stream: WatchStream) {
    self.id = id
    range = request.range
    wantsPrevious = request.wantsPrevious
    wantsProgress = request.wantsProgress
    mayFragment = request.mayFragment
    skipsPuts = request.skipsPuts
    skipsDeletes = request.skipsDeletes
    startRevision = request.startRevision
    self.stream = stream
    self.next = next
  }

  func wants(_ change: borrowing ChangeView) -> Bool { change.isDelete ? !skipsDeletes : !skipsPuts }
}

/// What waits for an outlet during one run of the watch stage.
///
/// Safe: because it belongs to the watch stage.
final class OutletQueue: @unchecked Sendable {
  let outlet: any WatchOutlet
  var parcel = WatchParcel()
  /// Streams that use it.
  var streams = 0

  init(_ outlet: any WatchOutlet) { self.outlet = outlet }

  func add(_ notice: WatchNotice, bytes: Int, to sink: any WatchSink) {
    parcel.items.append(WatchParcel.Item(sink: sink, notice: notice, bytes: bytes))
  }

  /// The batch's number in the parcel.
  func number(of batch: EventBatch) -> Int {
    if parcel.batches.last !== batch { parcel.batches.append(batch) }
    return parcel.batches.count - 1
  }

  /// Lists events; again the same place when they are those listed last.
  func select(_ events: [Int32]) -> Range<Int> {
    let start = parcel.selection.count
    if start >= events.count, parcel.selection[(start - events.count)...].elementsEqual(events) {
      return (start - events.count)..<start
    }
    parcel.selection.append(contentsOf: events)
    return start..<start + events.count
  }

  func flush() {
    if parcel.items.isEmpty { return }
    outlet.deliver(parcel)
    parcel = WatchParcel()
  }
}
