import Proto
import Storage
import SwiftProtobuf

/// Changes as the wire has them (etcd API: `mvccpb.Event`).
extension StoreEvent {
  /// Nil if the bytes are no event.
  init?(_ bytes: [UInt8]) {
    guard let event = try? Mvccpb_Event(serializedBytes: bytes) else { return nil }
    self.init(event)
  }

  init(_ event: Mvccpb_Event) {
    self.init(
      key: Array(event.kv.key), value: event.type == .delete ? nil : StoredValue(event.kv),
      previous: event.hasPrevKv ? StoredValue(event.prevKv) : nil, revision: event.kv.modRevision)
  }
}

extension StoredValue {
  fileprivate init(_ value: Mvccpb_KeyValue) {
    self.init(
      key: Array(value.key), value: Array(value.value), createRevision: value.createRevision,
      modRevision: value.modRevision, lease: value.lease)
  }
}
