/// Why bytes are no message.
public enum MessageError: Error, Sendable, Hashable {
  /// It ends before its content does.
  case incomplete
  /// A name has a label of an unknown kind, points forward, or is too long.
  case badName
  /// A record's data do not fit their length.
  case badData
  /// There is more than one OPT record, or one that is not the root's.
  case badExtension
}

extension DNSMessage {
  /// Bytes of a message before its questions.
  static let headerBytes = 12

  /// Reads a message. What follows its last record is ignored.
  ///
  /// Takes time in proportion to the bytes: names may point back only, and are cut off at 255 bytes.
  public init(parsing bytes: [UInt8]) throws(MessageError) {
    var parser = MessageParser(bytes: bytes)
    let id = try parser.uint16()
    let flags = try parser.uint16()
    let counts = (try parser.uint16(), try parser.uint16(), try parser.uint16(), try parser.uint16())
    self.init(id: id)
    isResponse = flags & 0x8000 != 0
    operation = UInt8(truncatingIfNeeded: flags >> 11) & 15
    isAuthoritative = flags & 0x400 != 0
    isTruncated = flags & 0x200 != 0
    wantsRecursion = flags & 0x100 != 0
    offersRecursion = flags & 0x80 != 0
    isVerified = flags & 0x20 != 0
    skipsVerification = flags & 0x10 != 0
    var code = flags & 15
    for _ in 0..<counts.0 { questions.append(try parser.question()) }
    for _ in 0..<counts.1 { answers.append(try parser.record()) }
    for _ in 0..<counts.2 { authorities.append(try parser.record()) }
    for _ in 0..<counts.3 {
      let record = try parser.record()
      guard record.type == .opt else {
        additionals.append(record)
        continue
      }
      guard edns == nil, record.name.isRoot else { throw .badExtension }
      // RFC 6891 puts other things where records have class and time.
      edns = Extension(
        datagramBytes: record.recordClass, version: UInt8(truncatingIfNeeded: record.timeToLive >> 16),
        wantsSignatures: record.timeToLive & 0x8000 != 0)
      code |= UInt16(truncatingIfNeeded: record.timeToLive >> 24) << 4
    }
    responseCode = ResponseCode(code)
  }
}

/// Reads the parts of a message.
struct MessageParser {
  private let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func uint8() throws(MessageError) -> UInt8 {
    guard place < bytes.count else { throw .incomplete }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func uint16() throws(MessageError) -> UInt16 {
    guard place + 2 <= bytes.count else { throw .incomplete }
    defer { place += 2 }
    return UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
  }

  mutating func uint32() throws(MessageError) -> UInt32 {
    UInt32(try uint16()) << 16 | UInt32(try uint16())
  }

  /// A name. Each pointer leads to before where its name, or the part that pointed, began: so none leads around.
  mutating func name() throws(MessageError) -> DNSName {
    var wire: [UInt8] = []
    var reading = place
    var start = place
    var end: Int?
    while true {
      guard reading < bytes.count else { throw .incomplete }
      let length = Int(bytes[reading])
      switch length & 0xC0 {
      case 0:
        guard reading + 1 + length <= bytes.count else { throw .incomplete }
        guard wire.count + 1 + length <= DNSLimits.nameBytes else { throw .badName }
        wire += bytes[reading..<(reading + 1 + length)]
        reading += 1 + length
        if length == 0 {
          place = end ?? reading
          return DNSName(trusted: wire)
        }
      case 0xC0:
        guard reading + 2 <= bytes.count else { throw .incomplete }
        let target = (length & 0x3F) << 8 | Int(bytes[reading + 1])
        guard target < start else { throw .badName }
        if end == nil { end = reading + 2 }
        reading = target
        start = target
      default: throw .badName
      }
    }
  }

  mutating func question() throws(MessageError) -> DNSMessage.Question {
    DNSMessage.Question(name: try name(), type: RecordType(try uint16()), recordClass: try uint16())
  }

  mutating func record() throws(MessageError) -> DNSRecord {
    let name = try name()
    let type = RecordType(try uint16())
    let recordClass = try uint16()
    let timeToLive = try uint32()
    let length = Int(try uint16())
    guard place + length <= bytes.count else { throw .incomplete }
    let end = place + length
    let data = try data(of: type, recordClass: recordClass, end: end)
    guard place == end else { throw .badData }
    return DNSRecord(
      name: name, type: type, recordClass: recordClass, timeToLive: timeToLive, data: data)
  }

  private mutating func data(
    of type: RecordType, recordClass: UInt16, end: Int
  ) throws(MessageError) -> RecordData {
    // Other classes may mean other things by a type, and an empty one stands for none (RFC 2136).
    guard recordClass == DNSRecord.internet, place < end else { return .opaque(rest(to: end)) }
    switch type {
    case .a, .aaaa:
      guard let address = IPAddress(bytes: bytes[place..<end]), address.recordType == type else {
        throw .badData
      }
      place = end
      return .address(address)
    case .mx: return .mail(preference: try uint16(), name: try name())
    case .srv:
      return .service(priority: try uint16(), weight: try uint16(), port: try uint16(), target: try name())
    case .soa:
      return .authority(
        RecordData.Authority(
          server: try name(), mailbox: try name(), serial: try uint32(), refresh: try uint32(),
          retry: try uint32(), expire: try uint32(), minimum: try uint32()))
    case .txt:
      var texts: [[UInt8]] = []
      while place < end {
        let length = Int(try uint8())
        guard place + length <= end else { throw .badData }
        texts.append(rest(to: place + length))
      }
      return .text(texts)
    default: return type.holdsOneName ? .name(try name()) : .opaque(rest(to: end))
    }
  }

  private mutating func rest(to end: Int) -> [UInt8] {
    defer { place = end }
    return Array(bytes[place..<end])
  }
}
