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
      _ = try context.admit(exchange.call)
      let watch = WatchCall(exchange, context, limits)
      watch.begin(on: outlets.outlet(of: exchange.call.mailbox))
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
final class LoopOutlet: WatchOutlet {
  private let mailbox: LoopMailbox

  init(_ mailbox: LoopMailbox) { self.mailbox = mailbox }

  func deliver(_ parcel: WatchParcel) {
    mailbox.post {
      let items = parcel.items
      var start = 0
      while start < items.count {
        let sink = items[start].sink
        var end = start + 1
        while end < items.count, items[end].sink === sink { end += 1 }
        sink.receive(parcel, start..<end)
        start = end
      }
    }
  }
}
