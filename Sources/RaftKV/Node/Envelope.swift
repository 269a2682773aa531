public import MVCC

/// Which etcd API message a request's bytes are; part of the log's format: never renumber, and stay below 128.
public enum RequestKind: UInt8, Sendable {
  /// `PutRequest`
  case put = 1
  /// `DeleteRangeRequest`
  case deleteRange = 2
  /// `TxnRequest`
  case transaction = 3
  /// `AlarmRequest`
  case alarm = 4
  /// `CompactionRequest`
  case compaction = 5
}

/// What a log entry's bytes are: a client's request, or a document of the node's own.
enum EntryKind {
  case request(RequestKind)
  /// A `Member`: its name and client URLs.
  case memberAttributes
  /// An `Alarm`.
  case raiseAlarm
  /// A compaction that the member decided on: its revision.
  case automaticCompaction
  /// A `LeaseCommand`.
  case lease
  /// A `MembershipRequest`: of its own when only addresses change, else inside a configuration entry.
  case membership

  init?(code: UInt8) {
    switch code {
    case 128: self = .memberAttributes
    case 129: self = .raiseAlarm
    case 131: self = .automaticCompaction
    case 130: self = .lease
    case 132: self = .membership
    default:
      guard let kind = RequestKind(rawValue: code) else { return nil }
      self = .request(kind)
    }
  }

  /// Part of the log's format: never renumber.
  var code: UInt8 {
    switch self {
    case .request(let kind): kind.rawValue
    case .memberAttributes: 128
    case .raiseAlarm: 129
    case .automaticCompaction: 131
    case .lease: 130
    case .membership: 132
    }
  }
}

/// Turns the request bytes of a log entry into a command. The wire's owner provides it; it must accept all
/// that was ever proposed.
public typealias CommandDecoder = @Sendable (RequestKind, UnsafeRawBufferPointer) throws -> Command

/// What a log entry holds: a short head and the client's request bytes, untouched.
///
/// | bytes | what |
/// |---|---|
/// | 1 | format version |
/// | 1 | `EntryKind.code` |
/// | 8 | request id, big-endian: unique over members and restarts |
/// | varint | auth revision that the request was checked at; 0 without auth |
/// | varint | the id of the lease that is granted; 0 if none |
/// | varint + n | the user's name |
/// | rest | the request |
struct Envelope {
  static let formatVersion: UInt8 = 1
  /// The head's size for a client without a name.
  static let minimumBytes = 2 + 8 + 3

  var kind: EntryKind
  var requestID: UInt64
  /// The lease that is granted; 0 if none.
  var lease: Int64
  /// Where the request starts in the entry's data.
  var requestOffset: Int

  /// The whole entry for a request of a client without a name.
  static func encode(
    _ kind: EntryKind, requestID: UInt64, lease: Int64 = 0, request: UnsafeRawBufferPointer
  ) -> [UInt8] {
    if lease != 0 { return encodeGrant(kind, requestID, lease, request) }
    let head = minimumBytes
    return [UInt8](unsafeUninitializedCapacity: head + request.count) { buffer, count in
      buffer[0] = formatVersion
      buffer[1] = kind.code
      for byte in 0..<8 { buffer[2 + byte] = UInt8(truncatingIfNeeded: requestID >> (56 - 8 * byte)) }
      buffer[10] = 0
      buffer[11] = 0
      buffer[12] = 0
      if let source = request.baseAddress {
        UnsafeMutableRawPointer(buffer.baseAddress! + head).copyMemory(
          from: source, byteCount: request.count)
      }
      count = head + request.count
    }
  }

  private static func encodeGrant(
    _ kind: EntryKind, _ requestID: UInt64, _ lease: Int64, _ request: UnsafeRawBufferPointer
  ) -> [UInt8] {
    var number = DocumentWriter()
    number.varint(UInt64(bitPattern: lease))
    var data = encode(kind, requestID: requestID, request: request)
    data.replaceSubrange(11...11, with: number.bytes)
    return data
  }

  /// Reads the head; nil when the bytes are not an envelope that this version understands.
  init?(_ data: [UInt8]) {
    guard data.count >= Self.minimumBytes, data[0] == Self.formatVersion, let kind = EntryKind(code: data[1])
    else {
      return nil
    }
    self.kind = kind
    requestID = Self.requestID(data)
    var reader = DocumentReader(data[10...])
    guard reader.varint() != nil, let lease = reader.varint(), reader.bytes() != nil else { return nil }
    self.lease = Int64(bitPattern: lease)
    requestOffset = reader.position
  }

  /// The request id of an entry that is an envelope.
  static func requestID(_ data: [UInt8]) -> UInt64 {
    data[2..<10].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
