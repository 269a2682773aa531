extension DNSMessage {
  /// The message on the wire.
  ///
  /// Records that would exceed the limit are left out: the message says that it is truncated if any of them is an
  /// answer or an authority.
  ///
  /// - Parameter limit: bytes, at least 512.
  public func serialized(limit: Int = DNSLimits.messageBytes) -> [UInt8] {
    var writer = MessageWriter()
    writer.bytes.reserveCapacity(min(limit, 512))
    writer.write(id)
    writer.write(flags)
    for _ in 0..<4 { writer.write(UInt16(0)) }
    for question in questions { writer.write(question) }
    var counts = [questions.count, 0, 0, 0]
    let room = limit - (edns == nil ? 0 : MessageWriter.extensionBytes)
    var isCut = false
    sections: for (section, records) in [answers, authorities, additionals].enumerated() {
      for record in records {
        let before = writer.bytes.count
        writer.write(record)
        guard writer.bytes.count <= room, counts[section + 1] < UInt16.max else {
          writer.cut(to: before)
          // What is only additional may be missing (RFC 2181).
          isCut = section < 2
          break sections
        }
        counts[section + 1] += 1
      }
    }
    if let edns {
      writer.write(edns, code: responseCode)
      counts[3] += 1
    }
    if isCut { writer.bytes[2] |= 2 }
    for (place, count) in counts.enumerated() {
      writer.set(UInt16(truncatingIfNeeded: count), at: 4 + 2 * place)
    }
    return writer.bytes
  }

  private var flags: UInt16 {
    var flags = UInt16(operation & 15) << 11 | responseCode.number & 15
    if isResponse { flags |= 0x8000 }
    if isAuthoritative { flags |= 0x400 }
    if isTruncated { flags |= 0x200 }
    if wantsRecursion { flags |= 0x100 }
    if offersRecursion { flags |= 0x80 }
    if isVerified { flags |= 0x20 }
    if skipsVerification { flags |= 0x10 }
    return flags
  }
}

/// Writes the parts of a message. Names end in pointers to where the same labels, in the same spelling, were written
/// before.
struct MessageWriter {
  /// Bytes of an OPT record without options.
  static let extensionBytes = 11

  var bytes: [UInt8] = []
  /// Where names that can be pointed to begin, in ascending order.
  private var targets: [Int] = []

  mutating func write(_ number: UInt16) {
    bytes.append(UInt8(number >> 8))
    bytes.append(UInt8(truncatingIfNeeded: number))
  }

  mutating func write(_ number: UInt32) {
    write(UInt16(number >> 16))
    write(UInt16(truncatingIfNeeded: number))
  }

  mutating func set(_ number: UInt16, at place: Int) {
    bytes[place] = UInt8(number >> 8)
    bytes[place + 1] = UInt8(truncatingIfNeeded: number)
  }

  /// Takes back what is behind.
  mutating func cut(to count: Int) {
    bytes.removeSubrange(count...)
    while let last = targets.last, last >= count { targets.removeLast() }
  }

  mutating func write(_ name: DNSName, compressed: Bool = true) {
    var place = 0
    // Not this name itself, which has no end yet.
    let known = targets.count
    while name.wire[place] != 0 {
      if compressed,
        let target = targets[..<known].first(where: { isWritten(name.wire, from: place, at: $0) })
      {
        write(0xC000 | UInt16(target))
        return
      }
      if bytes.count < 0x4000, targets.count < DNSLimits.compressionTargets { targets.append(bytes.count) }
      let end = place + 1 + Int(name.wire[place])
      bytes += name.wire[place..<end]
      place = end
    }
    bytes.append(0)
  }

  /// Whether what was written at a place, which may go on elsewhere, is this name from one of its labels on.
  private func isWritten(_ name: [UInt8], from start: Int, at target: Int) -> Bool {
    var place = start
    var reading = target
    while true {
      while bytes[reading] & 0xC0 == 0xC0 {
        reading = Int(bytes[reading] & 0x3F) << 8 | Int(bytes[reading + 1])
      }
      let length = Int(bytes[reading])
      guard length == Int(name[place]) else { return false }
      if length == 0 { return true }
      for offset in 1...length where bytes[reading + offset] != name[place + offset] { return false }
      reading += 1 + length
      place += 1 + length
    }
  }

  mutating func write(_ question: DNSMessage.Question) {
    write(question.name)
    write(question.type.number)
    write(question.recordClass)
  }

  mutating func write(_ record: DNSRecord) {
    write(record.name)
    write(record.type.number)
    write(record.recordClass)
    write(record.timeToLive)
    let place = bytes.count
    write(UInt16(0))
    write(record.data, of: record.type)
    // Longer than any message may be: the record is too long for the limit as well.
    set(UInt16(clamping: bytes.count - place - 2), at: place)
  }

  private mutating func write(_ data: RecordData, of type: RecordType) {
    switch data {
    case .address(.v4(let number)): write(number)
    case .address(let address): bytes += address.bytes
    case .name(let name): write(name, compressed: type.holdsOneName)
    case .mail(let preference, let name):
      write(preference)
      write(name)
    case .service(let priority, let weight, let port, let target):
      write(priority)
      write(weight)
      write(port)
      // RFC 2782 forbids pointers here.
      write(target, compressed: false)
    case .text(let texts):
      for text in texts {
        bytes.append(UInt8(clamping: text.count))
        bytes += text.prefix(255)
      }
    case .authority(let authority):
      write(authority.server)
      write(authority.mailbox)
      for number in [
        authority.serial, authority.refresh, authority.retry, authority.expire, authority.minimum,
      ] { write(number) }
    case .opaque(let opaque): bytes += opaque
    }
  }

  mutating func write(_ edns: DNSMessage.Extension, code: ResponseCode) {
    bytes.append(0)
    write(RecordType.opt.number)
    write(edns.datagramBytes)
    bytes.append(UInt8(truncatingIfNeeded: code.number >> 4))
    bytes.append(edns.version)
    write(edns.wantsSignatures ? 0x8000 : UInt16(0))
    write(UInt16(0))
  }
}
