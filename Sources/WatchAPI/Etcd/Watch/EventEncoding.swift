import MVCC
import RaftKV

/// Writes changes as `mvccpb.Event`s: the type, the key-value and, last, what the key held before, so that the event
/// without it is the same bytes, cut short.
struct EventEncoding: EventEncoder {
  private static let type: UInt32 = 1
  private static let keyValue: UInt32 = 2
  private static let previousKeyValue: UInt32 = 3
  /// `EventType.DELETE`; `PUT` is the default and left out.
  private static let delete: UInt64 = 1

  func encode(
    _ change: borrowing ChangeView, wantsPrevious: Bool, to batch: EventBatch
  ) throws(StoreError) -> Int {
    let bare = try change.isDelete ? encodeDelete(change, to: batch) : encodePut(change, to: batch)
    if wantsPrevious, let previous = try change.previous() {
      let length = previous.encodedLength(keysOnly: false)
      try batch.reserve(WireSize.message(Self.previousKeyValue, length)).writeFields {
        (writer: inout WireWriter) throws(StoreError) in
        writer.message(Self.previousKeyValue, length: length)
        try previous.encode(to: &writer, keysOnly: false)
      }
    }
    return bare
  }

  private func encodePut(_ change: borrowing ChangeView, to batch: EventBatch) throws(StoreError) -> Int {
    let keyValue = change.current
    let length = keyValue.encodedLength(keysOnly: false)
    let size = WireSize.message(Self.keyValue, length)
    try batch.reserve(size).writeFields { (writer: inout WireWriter) throws(StoreError) in
      writer.message(Self.keyValue, length: length)
      try keyValue.encode(to: &writer, keysOnly: false)
    }
    return size
  }

  /// A deleted key has nothing but its key and the revision of the delete.
  private func encodeDelete(_ change: borrowing ChangeView, to batch: EventBatch) throws(StoreError) -> Int {
    let key = change.key
    let revision = change.revision.main
    let length = WireSize.bytes(1, key.count) + WireSize.int64(3, revision)
    let size = WireSize.uint64(Self.type, Self.delete) + WireSize.message(Self.keyValue, length)
    batch.reserve(size).writeFields { writer in
      writer.uint64(Self.type, Self.delete)
      writer.message(Self.keyValue, length: length)
      writer.bytes(1, key)
      writer.int64(3, revision)
    }
    return size
  }
}
