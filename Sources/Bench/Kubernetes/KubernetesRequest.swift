internal import NIOCore

/// The transactions of a kube-apiserver, in the very shapes that it sends.
enum KubernetesRequest {
  /// Creates an object: if the key has never been, or is gone, then put.
  static func create(_ key: String, _ value: ByteBuffer, lease: Int64 = 0) -> ByteBuffer {
    transaction(modified(key, at: 0), success: put(key, value, lease), failure: nil)
  }

  /// Changes an object: if nobody else has since `revision`, then put, else tell what is there.
  static func update(_ key: String, _ value: ByteBuffer, since revision: Int64, lease: Int64 = 0)
    -> ByteBuffer
  {
    transaction(modified(key, at: revision), success: put(key, value, lease), failure: range(key))
  }

  /// Deletes an object, under the same condition.
  static func delete(_ key: String, since revision: Int64) -> ByteBuffer {
    let delete = ProtobufMessage.make { operation in
      operation.add(3, ProtobufMessage.make { $0.add(1, key) })
    }
    return transaction(modified(key, at: revision), success: delete, failure: range(key))
  }

  /// The key by which the API servers agree who compacts.
  static let compactionKey = "compact_rev_key"

  /// Takes the turn to compact: if the key still has the version that this server saw last.
  static func takeCompactionTurn(version: Int64, value: String) -> ByteBuffer {
    let condition = ProtobufMessage.make {
      $0.add(3, compactionKey)
      $0.addOneOf(4, version)
    }
    return transaction(
      condition, success: put(compactionKey, ByteBuffer(string: value), 0), failure: range(compactionKey))
  }

  static func compact(_ revision: Int64) -> ByteBuffer {
    ProtobufMessage.make { $0.add(1, revision) }.buffer
  }

  /// etcd API: `Compare { target = MOD, mod_revision }`.
  private static func modified(_ key: String, at revision: Int64) -> ProtobufMessage {
    ProtobufMessage.make {
      $0.add(2, 2 as Int64)
      $0.add(3, key)
      $0.addOneOf(6, revision)
    }
  }

  private static func put(_ key: String, _ value: ByteBuffer, _ lease: Int64) -> ProtobufMessage {
    let put = ProtobufMessage.make {
      $0.add(1, key)
      $0.add(2, value)
      $0.add(3, lease)
    }
    return ProtobufMessage.make { $0.add(2, put) }
  }

  private static func range(_ key: String) -> ProtobufMessage {
    let range = ListRequest(start: ByteBuffer(string: key), end: ByteBuffer()).fields
    return ProtobufMessage.make { $0.add(1, range) }
  }

  private static func transaction(
    _ condition: ProtobufMessage, success: ProtobufMessage, failure: ProtobufMessage?
  ) -> ByteBuffer {
    ProtobufMessage.make {
      $0.add(1, condition)
      $0.add(2, success)
      if let failure { $0.add(3, failure) }
    }.buffer
  }
}

/// What a guarded transaction came to.
struct GuardedAnswer {
  /// The store's revision: that of the change, if it was made.
  var revision: Int64 = 0
  var hasSucceeded = false
  /// Of what is there instead: its latest change and version; 0 if nothing is.
  var currentRevision: Int64 = 0
  var currentVersion: Int64 = 0

  /// Reads a `TxnResponse` of one operation; nil if it is malformed.
  init?(_ message: ByteBuffer) {
    let bytes = message.readableBytesUInt8Span
    revision = EtcdMessage.revision(in: message)
    var position = 0
    while let field = Protobuf.next(bytes, &position, end: bytes.count) {
      switch field.number {
      case 2: hasSucceeded = field.value != 0
      case 3:
        var inner = field.bytes.lowerBound
        while let response = Protobuf.next(bytes, &inner, end: field.bytes.upperBound) {
          guard response.number == 1 else { continue }
          guard let page = ListPage(message, range: response.bytes) else { return nil }
          currentRevision = page.modRevision
          currentVersion = page.version
        }
      default: break
      }
    }
    guard position == bytes.count else { return nil }
  }
}
