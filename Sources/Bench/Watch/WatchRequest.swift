internal import NIOCore

/// What a watcher is asked to report (etcd API: `WatchCreateRequest`).
struct WatchRequest: Sendable {
  var key: ByteBuffer
  /// Empty: the key alone.
  var rangeEnd = ByteBuffer()
  /// The first revision to report; 0 for what comes from now on.
  var startRevision: Int64 = 0
  var progressNotify = false
  var previousKeyValue = false
  /// Chosen by this side, from 1 on, so that events are told apart by a table's index.
  var id: Int64 = 0

  var message: ByteBuffer {
    let create = ProtobufMessage.make {
      $0.add(1, key)
      $0.add(2, rangeEnd)
      $0.add(3, startRevision)
      $0.add(4, progressNotify)
      $0.add(6, previousKeyValue)
      $0.add(7, id)
    }
    return ProtobufMessage.make { $0.add(1, create) }.buffer
  }

  static func cancel(id: Int64) -> ByteBuffer {
    let cancel = ProtobufMessage.make { $0.add(1, id) }
    return ProtobufMessage.make { $0.add(2, cancel) }.buffer
  }

  /// Asks how far the stream's watchers are.
  static let progress = ProtobufMessage.make { $0.add(3, ProtobufMessage()) }.buffer
}
