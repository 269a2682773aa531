import MVCC
import RaftKV

/// Requests as the simulator's clients write them: the client's number of the request, then the command's fields.
enum Wire {
  struct Malformed: Error {}

  static func encode(_ operation: UInt64, _ fields: [Bytes], numbers: [Int64] = []) -> Bytes {
    var bytes: Bytes = []
    append(operation, to: &bytes)
    bytes.append(UInt8(numbers.count))
    for number in numbers { append(UInt64(bitPattern: number), to: &bytes) }
    for field in fields {
      bytes.append(UInt8(truncatingIfNeeded: field.count >> 8))
      bytes.append(UInt8(truncatingIfNeeded: field.count))
      bytes += field
    }
    return bytes
  }

  private static func append(_ number: UInt64, to bytes: inout Bytes) {
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  /// The number of the request, and what it asks.
  static func decode(_ kind: RequestKind, _ bytes: UnsafeRawBufferPointer) throws -> (UInt64, Command) {
    var reader = Reader(bytes: bytes)
    let operation = try reader.number()
    let numbers = try (0..<reader.byte()).map { _ in Int64(bitPattern: try reader.number()) }
    switch kind {
    case .put:
      var put = PutCommand(key: try reader.field(), value: try reader.field())
      put.lease = numbers.first ?? 0
      return (operation, .put(put))
    case .deleteRange: return (operation, .delete(DeleteCommand(range: KeyRange(start: try reader.field()))))
    case .transaction:
      let (key, expected, value) = (try reader.field(), try reader.field(), try reader.field())
      let range = KeyRange(start: key)
      // An empty value stands for a key that is not there.
      let comparison = Comparison(
        range: range, relation: .equal, target: expected.isEmpty ? .version(0) : .value(expected))
      return (
        operation,
        .transaction(
          TransactionCommand(
            comparisons: [comparison], success: [.put(PutCommand(key: key, value: value))],
            failure: [.range(RangeQuery(range: range))]))
      )
    case .compaction:
      guard let revision = numbers.first else { throw Malformed() }
      return (operation, .compact(revision: revision))
    case .alarm: throw Malformed()
    }
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    mutating func byte() throws -> Int {
      guard position < bytes.count else { throw Malformed() }
      position += 1
      return Int(bytes[position - 1])
    }

    mutating func number() throws -> UInt64 {
      try (0..<8).reduce(0) { number, _ in number << 8 | UInt64(try byte()) }
    }

    mutating func field() throws -> Bytes {
      let count = try byte() << 8 | (try byte())
      guard bytes.count - position >= count else { throw Malformed() }
      position += count
      return Bytes(bytes[(position - count)..<position])
    }
  }

  /// A value that names who wrote it, of a length that differs from write to write.
  static func value(_ operation: UInt64) -> Bytes {
    var bytes: Bytes = []
    append(operation, to: &bytes)
    return bytes + Bytes(repeating: UInt8(truncatingIfNeeded: operation), count: Int(operation % 7) * 31)
  }

  /// Who wrote a value.
  static func writer(of value: Bytes) -> UInt64 { value.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Changes as the simulator's watches get them: revision, kind, key, value.
struct WatchWire: EventEncoder {
  func encode(
    _ change: borrowing ChangeView, wantsPrevious: Bool, to batch: EventBatch
  ) throws(StoreError) -> Int {
    let isDelete = change.isDelete
    let valueLength = isDelete ? 0 : change.current.valueLength
    let target = batch.reserve(11 + change.key.count + valueLength)
    let revision = UInt64(change.revision.main)
    for byte in 0..<8 { target[byte] = UInt8(truncatingIfNeeded: revision >> UInt64(56 - 8 * byte)) }
    target[8] = isDelete ? 1 : 0
    target[9] = UInt8(truncatingIfNeeded: change.key.count >> 8)
    target[10] = UInt8(truncatingIfNeeded: change.key.count)
    UnsafeMutableRawBufferPointer(rebasing: target[11...]).copyBytes(from: change.key)
    if valueLength > 0, let start = target.baseAddress {
      try change.current.copyValue(to: start + 11 + change.key.count)
    }
    return target.count
  }

  static func decode(_ bytes: UnsafeRawBufferPointer) -> Model.Event {
    let revision = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    let keyEnd = 11 + Int(bytes[9]) << 8 + Int(bytes[10])
    return Model.Event(
      revision: Int64(revision), key: Bytes(bytes[11..<keyEnd]),
      value: bytes[8] == 1 ? nil : Bytes(bytes[keyEnd...]))
  }
}
