/// A message of the domain name system (RFC 1035): a question, or the answer to one.
public struct DNSMessage: Sendable, Hashable {
  /// A question.
  public struct Question: Sendable, Hashable {
    /// Of which name, as the client spells it.
    public var name: DNSName
    /// What is wanted.
    public var type: RecordType
    /// 1 for the internet.
    public var recordClass: UInt16

    /// A question.
    public init(name: DNSName, type: RecordType, recordClass: UInt16 = DNSRecord.internet) {
      self.name = name
      self.type = type
      self.recordClass = recordClass
    }
  }

  /// What the sender understands beyond RFC 1035 (EDNS, RFC 6891).
  public struct Extension: Sendable, Hashable {
    /// Bytes that the sender takes over UDP.
    public var datagramBytes: UInt16
    /// 0 is the only one there is.
    public var version: UInt8
    /// Whether the sender wants signatures (DNSSEC OK).
    public var wantsSignatures: Bool

    /// An extension.
    public init(datagramBytes: UInt16, version: UInt8 = 0, wantsSignatures: Bool = false) {
      self.datagramBytes = datagramBytes
      self.version = version
      self.wantsSignatures = wantsSignatures
    }
  }

  /// Which question an answer belongs to.
  public var id: UInt16
  /// Whether this is an answer.
  public var isResponse = false
  /// 0 for questions.
  public var operation: UInt8 = 0
  /// Whether the server speaks for the zone (AA).
  public var isAuthoritative = false
  /// Whether the answer was cut (TC).
  public var isTruncated = false
  /// Whether the client wants the server to ask others (RD).
  public var wantsRecursion = false
  /// Whether the server does so (RA).
  public var offersRecursion = false
  /// Whether the data was verified (AD).
  public var isVerified = false
  /// Whether the client verifies for itself (CD).
  public var skipsVerification = false
  /// What came of the question.
  public var responseCode = ResponseCode.noError
  /// One, in messages of this age.
  public var questions: [Question] = []
  /// The answers.
  public var answers: [DNSRecord] = []
  /// Who is responsible; or the SOA that says for how long there is nothing.
  public var authorities: [DNSRecord] = []
  /// What may be of use, without the extension.
  public var additionals: [DNSRecord] = []
  /// Nil for senders who know RFC 1035 only.
  public var edns: Extension?

  /// A message without content.
  public init(id: UInt16) { self.id = id }

  /// An answer to this message without any records yet.
  public func response(_ code: ResponseCode = .noError) -> DNSMessage {
    var response = DNSMessage(id: id)
    response.isResponse = true
    response.operation = operation
    response.wantsRecursion = wantsRecursion
    response.skipsVerification = skipsVerification
    response.responseCode = code
    response.questions = questions
    if edns != nil { response.edns = Extension(datagramBytes: UInt16(DNSLimits.datagramBytes)) }
    return response
  }

  /// Bytes of an answer that the sender of this question takes over UDP.
  public var datagramBytesTaken: Int {
    guard let edns else { return DNSLimits.plainDatagramBytes }
    return min(max(Int(edns.datagramBytes), DNSLimits.plainDatagramBytes), DNSLimits.datagramBytes)
  }
}

/// One record: what is true of a name, and for how long.
public struct DNSRecord: Sendable, Hashable {
  /// The class of the internet.
  public static let internet: UInt16 = 1

  /// The name that it is about.
  public var name: DNSName
  /// What it holds.
  public var type: RecordType
  /// 1 for the internet.
  public var recordClass: UInt16
  /// Seconds for which it may be kept.
  public var timeToLive: UInt32
  /// Its content.
  public var data: RecordData

  /// A record.
  public init(
    name: DNSName, type: RecordType, recordClass: UInt16 = DNSRecord.internet, timeToLive: UInt32,
    data: RecordData
  ) {
    self.name = name
    self.type = type
    self.recordClass = recordClass
    self.timeToLive = timeToLive
    self.data = data
  }
}

/// The content of a record.
public enum RecordData: Sendable, Hashable {
  /// A and AAAA.
  case address(IPAddress)
  /// NS, CNAME, PTR and others that hold one name.
  case name(DNSName)
  /// MX.
  case mail(preference: UInt16, name: DNSName)
  /// SRV (RFC 2782).
  case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
  /// TXT: texts of up to 255 bytes each.
  case text([[UInt8]])
  /// SOA.
  case authority(Authority)
  /// Any other, as it is on the wire.
  case opaque([UInt8])

  /// What governs a zone (SOA).
  public struct Authority: Sendable, Hashable {
    /// The zone's first server.
    public var server: DNSName
    /// Whom to write to, `@` as a dot.
    public var mailbox: DNSName
    /// The zone's version.
    public var serial: UInt32
    /// Seconds between two looks of a second server.
    public var refresh: UInt32
    /// Seconds before it looks again after a failure.
    public var retry: UInt32
    /// Seconds after which it stops answering.
    public var expire: UInt32
    /// Seconds for which the absence of a record may be kept (RFC 2308).
    public var minimum: UInt32

    /// A zone's authority.
    public init(
      server: DNSName, mailbox: DNSName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32,
      minimum: UInt32
    ) {
      self.server = server
      self.mailbox = mailbox
      self.serial = serial
      self.refresh = refresh
      self.retry = retry
      self.expire = expire
      self.minimum = minimum
    }
  }
}
