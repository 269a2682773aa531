/// Writes the small binary documents of the node (membership, log metadata): varints and counted bytes.
struct DocumentWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func counted(_ value: some Collection<UInt8>) {
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func strings(_ values: [String]) {
    varint(UInt64(values.count))
    for value in values { counted(value.utf8) }
  }
}

/// Reads what `DocumentWriter` wrote; every read is nil once the bytes do not fit.
struct DocumentReader {
  private let source: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ source: ArraySlice<UInt8>) {
    self.source = source
    position = source.startIndex
  }

  var isAtEnd: Bool { position == source.endIndex }

  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < source.endIndex, shift < 64 {
      let byte = source[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func bytes() -> ArraySlice<UInt8>? {
    guard let count = varint(), count <= UInt64(source.endIndex - position) else { return nil }
    defer { position += Int(count) }
    return source[position..<(position + Int(count))]
  }

  mutating func string() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }

  mutating func strings() -> [String]? {
    guard let count = varint(), count <= UInt64(source.count) else { return nil }
    var values: [String] = []
    for _ in 0..<count {
      guard let value = string() else { return nil }
      values.append(value)
    }
    return values
  }
}
