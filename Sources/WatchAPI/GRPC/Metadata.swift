/// Header fields or trailers: names in lower case, binary values (`-bin`) decoded by who reads them.
public struct Metadata: Sendable, Hashable {
  /// The fields, in order.
  public private(set) var fields: [(name: String, value: String)] = []

  /// No fields.
  public init() {}

  /// Equal fields in equal order.
  public static func == (left: Metadata, right: Metadata) -> Bool {
    left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  /// Hashes the fields in order.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(fields.count)
    for field in fields {
      hasher.combine(field.name)
      hasher.combine(field.value)
    }
  }

  /// Adds a field; the name must be in lower case.
  public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

  /// The first field of that name.
  public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Fields as they arrived, kept as bytes until someone asks for them: most calls' are never looked at.
struct RawFields {
  private var bytes: [UInt8] = []
  private var lengths: [(name: Int32, value: Int32)] = []

  var isEmpty: Bool { lengths.isEmpty }
  /// Bytes of the fields, without what it takes to keep them apart.
  var byteCount: Int { bytes.count }

  mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: value)
    lengths.append((Int32(name.count), Int32(value.count)))
  }

  var metadata: Metadata {
    var metadata = Metadata()
    var at = 0
    for (name, value) in lengths {
      let middle = at + Int(name)
      let end = middle + Int(value)
      metadata.add(
        String(decoding: bytes[at..<middle], as: UTF8.self),
        String(decoding: bytes[middle..<end], as: UTF8.self))
      at = end
    }
    return metadata
  }
}
