import NIOCore
import Raft

/// What a connection is for. Each side sends over connections that it dialled, and receives over those it accepted.
enum ConnectionRole: UInt8, Sendable, Hashable {
  /// Small messages that must never wait; questions and their answers.
  case urgent = 0
  /// Entries and forwarded proposals.
  case bulk = 1
  /// One snapshot.
  case snapshot = 2
  /// A newcomer's question for the cluster's document.
  case document = 3
}

/// The first bytes of a connection, from who dialled it. Numbers are little-endian. The first eight bytes are the
/// same in every version of the protocol.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 6 | `rkpeer` |
/// | 6 | 2 | version |
/// | 8 | 1 | role |
/// | 9 | 1 | 0 |
/// | 10 | 2 | length n of the URLs |
/// | 12 | 8 | cluster id; 0 when the role is document |
/// | 20 | 8 | member id of the sender; 0 when the role is document |
/// | 28 | 8 | member id of the intended receiver; 0 when the role is document |
/// | 36 | n | the sender's peer URLs with commas between: where to answer it when it is a member not heard of yet |
/// | 36 + n | 4 | CRC-32C of all before |
struct Hello: Sendable, Hashable {
  static let magic: [UInt8] = Array("rkpeer".utf8)
  static let version: UInt16 = 1
  static let maximumURLBytes = 4096

  private static let fixedBytes = 36

  var role: ConnectionRole
  var clusterID: UInt64
  var sender: MemberID
  var receiver: MemberID
  var urls: [String]

  func encode(into buffer: inout ByteBuffer) {
    var text = urls.joined(separator: ",")
    if text.utf8.count > Self.maximumURLBytes { text = "" }
    let start = buffer.readableBytes
    buffer.writeBytes(Self.magic)
    buffer.put(Self.version)
    buffer.put(role.rawValue)
    buffer.put(0 as UInt8)
    buffer.put(UInt16(text.utf8.count))
    buffer.put(clusterID)
    buffer.put(sender)
    buffer.put(receiver)
    buffer.writeString(text)
    var written = buffer
    written.moveReaderIndex(forwardBy: start)
    buffer.put(written.checksum(first: written.readableBytes))
  }

  /// Takes a greeting off; nil when it is not all there yet.
  static func read(_ buffer: inout ByteBuffer) throws(WireError) -> Hello? {
    try checkPreface(buffer)
    let start = buffer.readerIndex
    guard let urlBytes = buffer.getInteger(at: start + 10, endianness: .little, as: UInt16.self).map(Int.init)
    else { return nil }
    guard urlBytes <= maximumURLBytes else { throw .tooLong(urlBytes) }
    guard buffer.readableBytes >= fixedBytes + urlBytes + 4 else { return nil }
    let checksum = buffer.checksum(first: fixedBytes + urlBytes)
    guard buffer.getInteger(at: start + fixedBytes + urlBytes, endianness: .little) == checksum else {
      throw .checksum
    }
    buffer.moveReaderIndex(forwardBy: 8)
    let number = try buffer.take(UInt8.self)
    guard let role = ConnectionRole(rawValue: number) else { throw .unknown("connection role", number) }
    buffer.moveReaderIndex(forwardBy: 3)
    let clusterID: UInt64 = try buffer.take()
    let sender: MemberID = try buffer.take()
    let receiver: MemberID = try buffer.take()
    guard let text = buffer.readString(length: urlBytes) else { throw .truncated }
    let _: UInt32 = try buffer.take()
    return Hello(
      role: role, clusterID: clusterID, sender: sender, receiver: receiver,
      urls: text.split(separator: ",").map(String.init))
  }

  /// Looks at the first eight bytes, or as many as there are.
  static func checkPreface(_ buffer: ByteBuffer) throws(WireError) {
    let start = buffer.readerIndex
    for (offset, expected) in magic.enumerated() {
      guard let byte = buffer.getInteger(at: start + offset, as: UInt8.self) else { return }
      if byte != expected { throw .foreignProtocol(guess(buffer)) }
    }
    guard let version = buffer.getInteger(at: start + magic.count, endianness: .little, as: UInt16.self)
    else {
      return
    }
    if version != Self.version { throw .version(version) }
  }

  private static func guess(_ buffer: ByteBuffer) -> String {
    let bytes = Array(buffer.readableBytesView.prefix(8))
    if bytes.count >= 2, (0x14...0x17).contains(bytes[0]), bytes[1] == 3 {
      return "TLS (this URL begins with http://)"
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let words = ["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PRI * HT", "HTTP/"]
    return words.contains { text.hasPrefix($0) } ? "HTTP" : "something else"
  }
}

/// Why a greeting was refused; part of the protocol, never renumber.
enum Refusal: UInt8, Sendable, Hashable {
  /// Another version of the protocol is spoken here.
  case version = 1
  /// This is another cluster.
  case cluster = 2
  /// This is another member than the one asked for.
  case receiver = 3
  /// The sender says that it is this very member.
  case sender = 4
  /// The cluster has removed the sender.
  case removed = 5
  /// Too many connections.
  case busy = 6
  /// The greeting breaks the rules.
  case malformed = 7

  /// The common name of its certificate is not the one that is allowed.
  case certificateName = 8

  /// What the refused side is told, as the log says it.
  var explanation: String {
    switch self {
    case .version: "another version of the protocol is spoken there"
    case .cluster: "it belongs to another cluster"
    case .receiver: "another member answers at this address"
    case .sender: "it has the same member id as this member"
    case .removed: "the cluster has removed this member"
    case .busy: "it has too many connections"
    case .certificateName: "the common name of this member's certificate is not allowed there"
    case .malformed: "it did not understand the greeting"
    }
  }
}

/// The answer to a greeting. The first nine bytes are the same in every version of the protocol.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 6 | `rkpeer` |
/// | 6 | 2 | version |
/// | 8 | 1 | 0: accepted; otherwise the refusal's reason |
/// | 9 | 3 | 0 |
/// | 12 | 8 | cluster id of the answering member |
/// | 20 | 8 | its member id |
/// | 28 | 4 | CRC-32C of all before |
struct HelloAnswer: Sendable, Hashable {
  private static let byteCount = 32

  /// Nil when accepted.
  var refusal: Refusal?
  var clusterID: UInt64
  var member: MemberID

  func encode(into buffer: inout ByteBuffer) {
    var answer = ByteBuffer()
    answer.writeBytes(Hello.magic)
    answer.put(Hello.version)
    answer.put(refusal?.rawValue ?? 0)
    answer.writeRepeatingByte(0, count: 3)
    answer.put(clusterID)
    answer.put(member)
    answer.put(answer.checksum(first: answer.readableBytes))
    buffer.writeBuffer(&answer)
  }

  /// Takes an answer off; nil when it is not all there yet.
  static func read(_ buffer: inout ByteBuffer) throws(WireError) -> HelloAnswer? {
    try Hello.checkPreface(buffer)
    guard buffer.readableBytes >= byteCount else { return nil }
    let checksum = buffer.checksum(first: byteCount - 4)
    buffer.moveReaderIndex(forwardBy: 8)
    let number = try buffer.take(UInt8.self)
    buffer.moveReaderIndex(forwardBy: 3)
    let clusterID: UInt64 = try buffer.take()
    let member: MemberID = try buffer.take()
    guard try buffer.take(UInt32.self) == checksum else { throw .checksum }
    if number == 0 { return HelloAnswer(refusal: nil, clusterID: clusterID, member: member) }
    guard let refusal = Refusal(rawValue: number) else { throw .unknown("refusal", number) }
    return HelloAnswer(refusal: refusal, clusterID: clusterID, member: member)
  }
}
