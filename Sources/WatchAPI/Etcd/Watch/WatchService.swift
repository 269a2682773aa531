import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV
import Synchronization

/// etcd API: the Watch service.
struct WatchService<Node: ServedNode>: Sendable {
  private let context: CallContext<Node>
  private let limits: EtcdLimits
  private let outlets = LoopOutlets()

  init(context: CallContext<Node>, limits: EtcdLimits) {
    self.context = context
    self.limits = limits
    context.node.watches.attach(EventEncoding())
  }

  func register(_ methods: inout MethodTable) {
    methods.bidirectional("/etcdserverpb.Watch/Watch") { exchange throws(EtcdError) in
      try context.admit(exchange.call)
      WatchCall(exchange, context, limits, on: outlets.outlet(of: exchange.call.mailbox)).begin()
    }
  }
}

/// One outlet for each event loop, so that what is dispatched at one time wakes each loop once.
final class LoopOutlets: Sendable {
  private let outlets = Mutex<[ObjectIdentifier: LoopOutlet]>([:])

  func outlet(of mailbox: LoopMailbox) -> LoopOutlet {
    outlets.withLock { outlets in
      if let known = outlets[ObjectIdentifier(mailbox)] { return known }
      let outlet = LoopOutlet(mailbox)
      outlets[ObjectIdentifier(mailbox)] = outlet
      return outlet
    }
  }
}

/// Hands parcels to the streams of one event loop.
///
/// Safe: because `shared` is used on the loop only.
final class LoopOutlet: WatchOutlet, @unchecked Sendable {
  private let mailbox: LoopMailbox
  /// The response encoded last, of the parcel at hand: streams with a single watch each often get the same bytes.
  var shared: (events: WatchEvents, response: ByteBuffer)?

  init(_ mailbox: LoopMailbox) { self.mailbox = mailbox }

  func deliver(_ parcel: WatchParcel) {
    mailbox.post { [self] in
      let count = parcel.items.count
      var start = 0
      while start < count {
        let sink = parcel.items[start].sink
        var end = start + 1
        while end < count, parcel.items[end].sink === sink { end += 1 }
        sink.receive(parcel, start..<end)
        start = end
      }
      shared = nil
    }
  }
}
