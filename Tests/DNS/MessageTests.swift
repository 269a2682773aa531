import DNS
import Testing

/// Bytes from hexadecimal digits and quoted text: `"0003 'abc' 00"`.
func bytes(_ notation: String) -> [UInt8] {
  var bytes: [UInt8] = []
  for (place, part) in notation.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
    if place % 2 == 1 {
      bytes += part.utf8
    } else {
      var digits = part.filter { !$0.isWhitespace }[...]
      while !digits.isEmpty {
        bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
        digits = digits.dropFirst(2)
      }
    }
  }
  return bytes
}

func name(_ text: String) throws -> DNSName { try #require(DNSName(text)) }
func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

@Suite struct `messages on the wire` {
  @Test func `a question is written and read`() throws {
    var query = DNSMessage(id: 0x1234)
    query.wantsRecursion = true
    query.questions = [DNSMessage.Question(name: try name("Web.default"), type: .aaaa)]
    query.edns = DNSMessage.Extension(datagramBytes: 1232, wantsSignatures: true)
    let wire = bytes(
      "1234 0100 0001 0000 0000 0001 03'Web'07'default'00 001c 0001 00 0029 04d0 0000 8000 0000")
    #expect(query.serialized() == wire)
    #expect(try DNSMessage(parsing: wire) == query)
  }

  @Test func `all flags are written and read`() throws {
    var message = DNSMessage(id: 0xFFFF)
    message.isResponse = true
    message.operation = 5
    message.isAuthoritative = true
    message.isTruncated = true
    message.wantsRecursion = true
    message.offersRecursion = true
    message.isVerified = true
    message.skipsVerification = true
    message.responseCode = ResponseCode(0x17)
    message.edns = DNSMessage.Extension(datagramBytes: 512)
    let wire = bytes("ffff afb7 0000 0000 0000 0001 00 0029 0200 0100 0000 0000")
    #expect(message.serialized() == wire)
    #expect(try DNSMessage(parsing: wire) == message)
  }

  @Test func `every type of record is written and read`() throws {
    let web = try name("web.x")
    func record(_ type: RecordType, _ data: RecordData) -> DNSRecord {
      DNSRecord(name: web, type: type, timeToLive: 5, data: data)
    }
    var message = DNSMessage(id: 1)
    message.isResponse = true
    message.questions = [DNSMessage.Question(name: web, type: .any)]
    message.answers = [
      record(.a, .address(try address("10.96.0.1"))),
      record(.aaaa, .address(try address("fd00::1"))),
      record(.cname, .name(try name("a.x"))),
      record(.ptr, .name(web)),
      record(.ns, .name(try name("b.x"))),
      record(.mx, .mail(preference: 10, name: try name("m.x"))),
      record(.srv, .service(priority: 0, weight: 100, port: 443, target: web)),
      record(.txt, .text([Array("1.1.0".utf8), []])),
      record(
        .soa,
        .authority(
          RecordData.Authority(
            server: web, mailbox: .root, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5))),
      record(RecordType(64), .opaque([1, 2, 3])),
    ]
    let wire = bytes(
      """
      0001 8000 0001 000a 0000 0000 03'web'01'x'00 00ff 0001
      c00c 0001 0001 00000005 0004 0a600001
      c00c 001c 0001 00000005 0010 fd000000000000000000000000000001
      c00c 0005 0001 00000005 0004 01'a' c010
      c00c 000c 0001 00000005 0002 c00c
      c00c 0002 0001 00000005 0004 01'b' c010
      c00c 000f 0001 00000005 0006 000a 01'm' c010
      c00c 0021 0001 00000005 000d 0000 0064 01bb 03'web'01'x'00
      c00c 0010 0001 00000005 0007 05'1.1.0' 00
      c00c 0006 0001 00000005 0017 c00c 00 00000001 00000002 00000003 00000004 00000005
      c00c 0040 0001 00000005 0003 010203
      """)
    #expect(message.serialized() == wire)
    #expect(try DNSMessage(parsing: wire) == message)
  }

  @Test func `names point to the same spelling only, and not to themselves`() throws {
    var message = DNSMessage(id: 0)
    message.questions = [DNSMessage.Question(name: try name("a.a.X"), type: .a)]
    message.answers = [
      DNSRecord(name: try name("b.a.X"), type: .cname, timeToLive: 0, data: .name(try name("b.a.x")))
    ]
    #expect(
      message.serialized()
        == bytes(
          """
          0000 0000 0001 0001 0000 0000 01'a'01'a'01'X'00 0001 0001
          01'b' c00e 0005 0001 00000000 0007 01'b'01'a'01'x'00
          """))
    #expect(try DNSMessage(parsing: message.serialized()) == message)
  }

  @Test func `what does not fit is left out, and only missing answers are a truncation`() throws {
    var message = DNSMessage(id: 0)
    message.isResponse = true
    message.questions = [DNSMessage.Question(name: try name("web"), type: .a)]
    // 21 bytes of header and question, 16 a record.
    message.answers = (0..<30).map {
      DNSRecord(
        name: message.questions[0].name, type: .a, timeToLive: 5, data: .address(.v4(UInt32($0))))
    }
    #expect(message.serialized(limit: 512).count == 21 + 30 * 16)
    message.additionals = message.answers
    var cut = try DNSMessage(parsing: message.serialized(limit: 512))
    #expect(cut.answers.count == 30)
    #expect(cut.additionals.isEmpty)
    #expect(!cut.isTruncated)
    message.answers += message.answers
    message.edns = DNSMessage.Extension(datagramBytes: 1232)
    let wire = message.serialized(limit: 512)
    #expect(wire.count == 21 + 30 * 16 + 11)
    cut = try DNSMessage(parsing: wire)
    #expect(cut.answers == Array(message.answers.prefix(30)))
    #expect(cut.isTruncated)
    #expect(cut.edns == message.edns)
  }

  @Test func `many names stay within bounds`() throws {
    var message = DNSMessage(id: 0)
    message.questions = [DNSMessage.Question(name: try name("x"), type: .any)]
    for number in 0..<4000 {
      let host = try name("host-\(number).some.long.name.of.a.zone")
      message.answers.append(DNSRecord(name: host, type: .ptr, timeToLive: 1, data: .name(host)))
    }
    let wire = message.serialized()
    #expect(wire.count <= 65_535)
    let cut = try DNSMessage(parsing: wire)
    #expect(cut.isTruncated)
    #expect(cut.answers == Array(message.answers.prefix(cut.answers.count)))
    #expect(cut.answers.count > 1000)
  }

  @Test(arguments: [
    ("", MessageError.incomplete),
    ("0001 0100 0001 0000 0000 00", .incomplete),
    // No question, or half of one.
    ("0001 0100 0001 0000 0000 0000", .incomplete),
    ("0001 0100 0001 0000 0000 0000 03'web'00 00", .incomplete),
    ("0001 0100 0001 0000 0000 0000 03'we'", .incomplete),
    ("0001 0100 ffff ffff ffff ffff 00 0001 0001", .incomplete),
    // Pointers: to itself, forward, to each other, half of one.
    ("0001 0100 0001 0000 0000 0000 c00c 0001 0001", .badName),
    ("0001 0100 0001 0000 0000 0000 c010 0001 0001 00", .badName),
    ("0001 0100 0001 0000 0000 0000 01'a'c00c 0001 0001", .badName),
    ("0001 0100 0002 0000 0000 0000 01'a'c012 0001 01'b'c00c 0001 0001", .badName),
    ("0001 0100 0001 0000 0000 0000 c0", .incomplete),
    // Labels of unknown kinds.
    ("0001 0100 0001 0000 0000 0000 41'a'00 0001 0001", .badName),
    ("0001 0100 0001 0000 0000 0000 81'a'00 0001 0001", .badName),
    // Records: too short, data too long, of a wrong length, ending within a name.
    ("0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 00", .incomplete),
    ("0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 0004 0a6000", .incomplete),
    ("0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 0003 0a6000", .badData),
    ("0001 8000 0000 0001 0000 0000 00 001c 0001 00000000 0004 0a600001", .badData),
    ("0001 8000 0000 0001 0000 0000 00 0005 0001 00000000 0002 01'a'00", .badData),
    ("0001 8000 0000 0001 0000 0000 00 0021 0001 00000000 0005 0000 0000 00 00", .incomplete),
    ("0001 8000 0000 0001 0000 0000 00 0010 0001 00000000 0002 05'abcde'", .badData),
    ("0001 8000 0000 0001 0000 0000 00 0006 0001 00000000 0003 000000", .incomplete),
    // Extensions: of a name, two of them.
    ("0001 0100 0000 0000 0000 0001 01'a'00 0029 04d0 00000000 0000", .badExtension),
    (
      "0001 0100 0000 0000 0000 0002 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000",
      .badExtension
    ),
  ])
  func `what is no message says why`(notation: String, error: MessageError) {
    #expect(throws: error) { try DNSMessage(parsing: bytes(notation)) }
  }

  @Test func `names made long by pointers are refused, and pointers to pointers are followed`() throws {
    // Each of 127 names is the one before with a label more, through a pointer.
    func message(names: Int) -> [UInt8] {
      var wire =
        bytes("0001 0100") + [0, UInt8(names)] + bytes("0000 0000 0000") + bytes("01'a'00 0001 0001")
      var last = 12
      for _ in 1..<names {
        let place = wire.count
        wire += [1, 0x61, 0xC0 | UInt8(last >> 8), UInt8(last & 255), 0, 1, 0, 1]
        last = place
      }
      return wire
    }
    #expect(try DNSMessage(parsing: message(names: 127)).questions.last?.name.description.count == 254)
    #expect(throws: MessageError.badName) { try DNSMessage(parsing: message(names: 128)) }
  }

  @Test func `cut and changed messages crash nothing, and what is read is written so that it is read again`()
    throws
  {
    var message = DNSMessage(id: 7)
    message.isResponse = true
    message.questions = [DNSMessage.Question(name: try name("_http._tcp.web.default.svc.x"), type: .srv)]
    for number in 0..<4 {
      let host = try name("host-\(number).web.default.svc.x")
      message.answers.append(
        DNSRecord(
          name: message.questions[0].name, type: .srv, timeToLive: 5,
          data: .service(priority: 0, weight: 1, port: 80, target: host)))
      message.additionals.append(
        DNSRecord(name: host, type: .a, timeToLive: 5, data: .address(.v4(UInt32(number)))))
      message.authorities.append(DNSRecord(name: host, type: .ns, timeToLive: 5, data: .name(host)))
    }
    message.edns = DNSMessage.Extension(datagramBytes: 1232)
    let wire = message.serialized()
    for count in 0..<wire.count { #expect((try? DNSMessage(parsing: Array(wire[..<count]))) == nil) }
    var random = SplitMix(state: 6)
    var understood = 0
    for _ in 0..<5000 {
      var changed = wire
      for _ in 0...Int(random.next() % 4) {
        changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let read = try? DNSMessage(parsing: changed) else { continue }
      understood += 1
      // Classes of the extension and empty data are all that has more than one form.
      let again = try DNSMessage(parsing: read.serialized())
      #expect(again.answers == read.answers)
      #expect(again.questions == read.questions)
    }
    #expect(understood > 500)
  }

  @Test func `messages over TCP are cut apart wherever they are torn`() {
    let messages = [bytes("01"), [], bytes("0203"), [UInt8](repeating: 9, count: 300)]
    let stream = messages.flatMap { StreamFraming.framed($0) }
    #expect(stream.prefix(9) == [0, 1, 1, 0, 0, 0, 2, 2, 3])
    for size in [1, 2, 3, 7, 1000] {
      var framing = StreamFraming()
      var read: [[UInt8]] = []
      for start in stride(from: 0, to: stream.count, by: size) {
        read += framing.take(stream[start..<min(stream.count, start + size)])
      }
      #expect(read == messages)
    }
  }
}

/// Random numbers that are the same each time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

@Suite struct names {
  @Test(arguments: [
    ("web.default.svc.cluster.local", "web.default.svc.cluster.local."),
    ("web.", "web."), (".", "."), ("A-b_C.x", "A-b_C.x."),
    ("a\\.b.c", "a\\.b.c."), ("\\065\\000.x", "A\\000.x."), ("\\\\", "\\\\."),
    (String(repeating: "a", count: 63), String(repeating: "a", count: 63) + "."),
  ])
  func `text is read`(text: String, description: String) {
    #expect(DNSName(text)?.description == description)
  }

  @Test(arguments: [
    "", "..", "a..b", ".a", "\\", "\\2", "\\25", "\\256", "\\12a", String(repeating: "a", count: 64),
    String(repeating: "a.", count: 128),
  ])
  func `text that is no name is refused`(text: String) { #expect(DNSName(text) == nil) }

  @Test func `the longest name has 255 bytes`() throws {
    let longest = try name(String(repeating: "a.", count: 127))
    #expect(longest.prepending("a") == nil)
    #expect(try #require(longest.parent).prepending("a") == longest)
    #expect(try #require(longest.parent).prepending("aa") == nil)
    #expect(try name("x").prepending("") == nil)
  }

  @Test func `case is kept, and can be taken away`() throws {
    #expect(try name("WeB.X") != name("web.x"))
    #expect(try name("WeB.X").lowercased == name("web.x"))
    // Above Z comes the bracket.
    #expect(try name("[@]").lowercased == name("[@]"))
  }

  @Test(arguments: [
    ("10.96.0.1", "10.96.0.1", "1.0.96.10.in-addr.arpa."), ("0.0.0.0", "0.0.0.0", "0.0.0.0.in-addr.arpa."),
    (
      "FD00:0::1", "fd00::1",
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa."
    ),
    (
      "::ffff:1.2.3.4", "::ffff:102:304",
      "4.0.3.0.2.0.1.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."
    ),
  ])
  func `addresses have names`(text: String, description: String, reverse: String) throws {
    #expect(try address(text).description == description)
    #expect(try address(text).reverseName.description == reverse)
  }

  @Test(arguments: ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "a::b:c", "2001:db8:0:1::"])
  func `addresses of version 6 are read`(text: String) { #expect(IPAddress(text)?.description == text) }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":", ":::", "1", ":1:2",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "g::", "12345::",
    "1::%eth0", "::1.2.3", "1:2:3:4:5:6:7::8", "+1::",
  ])
  func `what is no address is refused`(text: String) { #expect(IPAddress(text) == nil) }

  @Test func `ranges contain addresses`() throws {
    let range = try #require(IPRange("10.96.3.4/12"))
    #expect(range.description == "10.96.0.0/12")
    #expect(range.contains(try address("10.111.255.255")))
    #expect(!range.contains(try address("10.112.0.0")))
    #expect(!range.contains(try address("::10.96.0.1")))
    let six = try #require(IPRange("fd00:1:2::ffff/108"))
    #expect(six.description == "fd00:1:2::/108")
    #expect(six.contains(try address("fd00:1:2::f:1")))
    #expect(!six.contains(try address("fd00:1:2::10:1")))
    #expect(try #require(IPRange("0.0.0.0/0")).contains(try address("255.1.1.1")))
    #expect(try #require(IPRange("::/0")).contains(try address("ff::1")))
    for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "/8", "a/8", "::/1/2"] {
      #expect(IPRange(text) == nil)
    }
  }
}
