internal import MVCC
internal import NIOCore

/// The requests of a run: request number `i` is a pure function of the options and `i`, so that loops need not
/// agree on anything and a run can be repeated.
struct Workload: Sendable {
  /// What a request asks, which decides the method it is sent to.
  enum Kind: Sendable, Hashable {
    case put
    case range
    /// A transaction that writes.
    case writeTransaction
    /// A transaction that only reads.
    case readTransaction
    /// What the workload's own target makes of it.
    case other

    /// Whether the store changes by it.
    var writes: Bool { self == .put || self == .writeTransaction }
  }

  private let configuration: Configuration
  /// The first number that a key is too short for.
  private let unrepresentable: Int

  /// `configuration` must be valid.
  init(_ configuration: Configuration) {
    self.configuration = configuration
    var bound = 1
    for _ in 0..<min(configuration.keyBytes, 18) { bound *= 10 }
    unrepresentable = bound
  }

  /// Whether answers are expected to hold keys.
  var reads: Bool {
    switch configuration.workload {
    case .range, .list: true
    case .txn: configuration.readsPerWrite > 0
    case .put, .fill, .watch, .watchLatency, .watchGet, .leaseKeepAlive, .kubernetes: false
    }
  }

  func kind(of index: Int) -> Kind {
    switch configuration.workload {
    case .put, .watch, .watchLatency: return .put
    case .range, .list: return .range
    case .watchGet, .leaseKeepAlive, .kubernetes: return .other
    case .fill: return .writeTransaction
    case .txn:
      let ratio = configuration.readsPerWrite
      guard ratio > 0 else { return .writeTransaction }
      var random = SplitMix64(seed: configuration.seed ^ Self.mixStream, index: UInt64(index))
      let draw = Double(random.next() >> 11) * 0x1p-53
      return draw < ratio / (1 + ratio) ? .readTransaction : .writeTransaction
    }
  }

  /// How many keys request `index` writes.
  func keysWritten(by index: Int) -> Int {
    switch kind(of: index) {
    case .put: 1
    case .range, .readTransaction, .other: 0
    case .writeTransaction: operations(of: index)
    }
  }

  /// Appends request `index` to `buffer` as its protobuf message and returns what it is.
  func encode(_ index: Int, into buffer: inout ByteBuffer) -> Kind {
    let kind = kind(of: index)
    var random = SplitMix64(seed: configuration.seed, index: UInt64(index))
    switch kind {
    case .put:
      writePut(key: firstKey(of: index, &random), &random, into: &buffer)
    case .range:
      writeRange(bounds(of: index, &random), into: &buffer)
    case .readTransaction:
      let bounds = bounds(of: index, &random)
      EtcdMessage.writeTransactionOperation(
        .range, length: rangeLength(bounds), into: &buffer)
      writeRange(bounds, into: &buffer)
    case .writeTransaction:
      for key in keys(of: index, &random) {
        EtcdMessage.writeTransactionOperation(
          .put, length: EtcdMessage.putLength(key: configuration.keyBytes, value: configuration.valueBytes),
          into: &buffer)
        writePut(key: key, &random, into: &buffer)
      }
    case .other: break
    }
    return kind
  }

  /// What request `index`, a range or a transaction that reads, asks for.
  func query(of index: Int) -> RangeQuery {
    var random = SplitMix64(seed: configuration.seed, index: UInt64(index))
    let bounds = bounds(of: index, &random)
    let end: KeyRange.End
    switch bounds.end {
    case .none: end = .single
    case .key(let number): end = .before(keyBytes(number))
    case .pastAll: end = .before([EtcdMessage.byteAfterDigits])
    }
    var query = RangeQuery(range: KeyRange(start: keyBytes(bounds.start), end: end))
    query.limit = Int64(configuration.limit)
    return query
  }

  // MARK: watches and lists

  /// Whether values begin with the time when they were to be sent, for those who receive them as events.
  var stampsValues: Bool { configuration.workload == .watch || configuration.workload == .watchLatency }

  /// Writes `due` over the start of the value that a put's message ends with.
  func stamp(_ due: NIODeadline, putIn message: inout ByteBuffer) {
    message.setInteger(due.uptimeNanoseconds, at: message.writerIndex - configuration.valueBytes)
  }

  /// The number of the key that request `index`, a put, writes.
  func keyNumber(ofPut index: Int) -> Int {
    var random = SplitMix64(seed: configuration.seed, index: UInt64(index))
    return firstKey(of: index, &random)
  }

  /// Appends a put of a key, with the value of request `index`.
  func writePut(key: Int, _ index: Int, into message: inout ByteBuffer) {
    var random = SplitMix64(seed: configuration.seed, index: UInt64(index))
    writePut(key: key, &random, into: &message)
  }

  /// A watch on a key, or on all of them.
  func watch(key: Int?) -> WatchRequest {
    guard let key else {
      return WatchRequest(
        key: ByteBuffer(bytes: [UInt8(ascii: "0")]),
        rangeEnd: ByteBuffer(bytes: [EtcdMessage.byteAfterDigits]))
    }
    return WatchRequest(key: ByteBuffer(bytes: keyBytes(key)))
  }

  /// The first key of request `index`, a list, and the key behind its last.
  func listBounds(of index: Int) -> (start: ByteBuffer, end: ByteBuffer) {
    var random = SplitMix64(seed: configuration.seed, index: UInt64(index))
    let bounds = bounds(of: index, &random)
    let end: Bytes =
      switch bounds.end {
      case .none: []
      case .key(let number): keyBytes(number)
      case .pastAll: [EtcdMessage.byteAfterDigits]
      }
    return (ByteBuffer(bytes: keyBytes(bounds.start)), ByteBuffer(bytes: end))
  }

  // MARK: keys

  /// Which keys a range spans, by number.
  private struct Bounds {
    enum End {
      case none
      case key(Int)
      case pastAll
    }
    var start: Int
    var end: End
  }

  private func firstKey(of index: Int, _ random: inout SplitMix64) -> Int {
    switch configuration.keyOrder {
    case .sequential: index % configuration.keySpace
    case .random: random.below(configuration.keySpace)
    }
  }

  private func operations(of index: Int) -> Int {
    guard configuration.workload == .fill else { return configuration.transactionOperations }
    let start = index * configuration.transactionOperations
    return min(configuration.transactionOperations, configuration.keySpace - start)
  }

  /// The keys that a transaction puts: all different, since etcd refuses a key put twice.
  private func keys(of index: Int, _ random: inout SplitMix64) -> [Int] {
    let space = configuration.keySpace
    let start = index &* configuration.transactionOperations
    if configuration.workload == .fill {
      return Array(start..<start + operations(of: index))
    }
    if configuration.keyOrder == .sequential {
      return (0..<configuration.transactionOperations).map { (start + $0) % space }
    }
    var keys: [Int] = []
    keys.reserveCapacity(configuration.transactionOperations)
    for _ in 0..<configuration.transactionOperations {
      var key = random.below(space)
      while keys.contains(key) { key = (key + 1) % space }
      keys.append(key)
    }
    return keys
  }

  /// A range of several keys starts at a multiple of its length, so that a power of ten is a prefix.
  private func bounds(of index: Int, _ random: inout SplitMix64) -> Bounds {
    let span = configuration.rangeKeys
    let key = firstKey(of: index, &random)
    guard span > 1 else { return Bounds(start: key, end: .none) }
    let start = key / span * span
    return Bounds(start: start, end: start + span < unrepresentable ? .key(start + span) : .pastAll)
  }

  private func keyBytes(_ number: Int) -> Bytes {
    var buffer = ByteBuffer()
    EtcdMessage.writeKey(number, length: configuration.keyBytes, into: &buffer)
    return Bytes(buffer.readableBytesView)
  }

  // MARK: messages

  private func writePut(key: Int, _ random: inout SplitMix64, into buffer: inout ByteBuffer) {
    EtcdMessage.writePut(
      key: key, keyLength: configuration.keyBytes, valueLength: configuration.valueBytes, &random,
      into: &buffer)
  }

  private func endLength(_ bounds: Bounds) -> Int {
    switch bounds.end {
    case .none: 0
    case .key: configuration.keyBytes
    case .pastAll: 1
    }
  }

  /// Whether reads may be answered from any member's own state.
  var isSerializable: Bool { configuration.consistency == .serializable }

  private func rangeLength(_ bounds: Bounds) -> Int {
    EtcdMessage.rangeLength(
      key: configuration.keyBytes, end: endLength(bounds), limit: configuration.limit,
      serializable: isSerializable)
  }

  private func writeRange(_ bounds: Bounds, into buffer: inout ByteBuffer) {
    EtcdMessage.writeField(1, length: configuration.keyBytes, into: &buffer)
    EtcdMessage.writeKey(bounds.start, length: configuration.keyBytes, into: &buffer)
    switch bounds.end {
    case .none: break
    case .key(let end):
      EtcdMessage.writeField(2, length: configuration.keyBytes, into: &buffer)
      EtcdMessage.writeKey(end, length: configuration.keyBytes, into: &buffer)
    case .pastAll:
      EtcdMessage.writeField(2, length: 1, into: &buffer)
      buffer.writeInteger(EtcdMessage.byteAfterDigits)
    }
    EtcdMessage.writeRangeOptions(
      limit: configuration.limit, serializable: isSerializable, into: &buffer)
  }

  /// Keeps the draw between reads and writes apart from the draws inside a request.
  private static let mixStream: UInt64 = 0x5851_F42D_4C95_7F2D
}
