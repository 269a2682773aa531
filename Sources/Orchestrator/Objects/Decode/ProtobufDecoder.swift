/// Reads objects in Kubernetes' protobuf form, which typed clients send: kubectl when it creates, kubelets, schedulers.
///
/// A message names its fields by numbers, which the schema has; what comes out is JSON, with the zero values that
/// protobuf writes for fields without pointers. `ObjectDecoder` drops these, as it does with zeros in JSON.
public struct ProtobufDecoder: Sendable {
  /// Why bytes are no object.
  public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with them.
    public let description: String
  }

  /// What the bytes of an object begin with.
  public static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

  /// Messages within messages; deeper ones are refused.
  private static let depth = 64

  private let schema: Schema

  /// A decoder for the kinds of a schema.
  public init(schema: Schema = .builtIn) { self.schema = schema }

  /// An object with its `apiVersion` and `kind`.
  public func decode(_ bytes: [UInt8]) throws(Failure) -> JSON {
    guard bytes.starts(with: Self.magic) else {
      throw Failure(
        description: "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    }
    var apiVersion = ""
    var kind = ""
    var raw: ArraySlice<UInt8> = []
    var reader = Reader(bytes[Self.magic.count...])
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let type)):
        var reader = Reader(type)
        while let field = try reader.next() {
          guard case .bytes(let text) = field.value else { continue }
          if field.number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
          if field.number == 2 { kind = String(decoding: text, as: UTF8.self) }
        }
      case (2, .bytes(let value)): raw = value
      default: break
      }
    }
    let parts = apiVersion.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let group = parts.count == 2 ? String(parts[0]) : ""
    let version = parts.last.map(String.init) ?? ""
    let shape =
      schema.shape(forGroup: group, version: version, kind: kind)
      ?? (kind.hasSuffix("Options") ? schema.shape(of: "meta/v1." + kind) : nil)
    guard case .structure(let number)? = shape else {
      throw Failure(description: "no kind \"\(kind)\" is registered for version \"\(apiVersion)\"")
    }
    var object = try structure(raw, number, depth: 0)
    object["apiVersion"] = .string(apiVersion)
    object["kind"] = .string(kind)
    return object
  }

  // MARK: Structures

  /// Structures that JSON shows as fields of another one, and protobuf as a message in it: the number of that message,
  /// and the fields that are the outer one's own.
  private static let embedded: [String: (number: Int, own: Set<String>)] = [
    "core/v1.Volume": (2, ["name"]),
    "core/v1.PersistentVolumeSpec": (
      2,
      [
        "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName",
        "mountOptions",
        "volumeMode", "nodeAffinity", "volumeAttributesClassName",
      ]
    ),
    "core/v1.SecretProjection": (1, ["items", "optional"]),
    "core/v1.ConfigMapVolumeSource": (1, ["items", "defaultMode", "optional"]),
    "core/v1.ConfigMapProjection": (1, ["items", "optional"]),
    "core/v1.ConfigMapKeySelector": (1, ["key", "optional"]),
    "core/v1.SecretKeySelector": (1, ["key", "optional"]),
    "core/v1.ConfigMapEnvSource": (1, ["optional"]), "core/v1.SecretEnvSource": (1, ["optional"]),
    "core/v1.Probe": (
      1,
      [
        "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
        "terminationGracePeriodSeconds",
      ]
    ),
    "core/v1.EphemeralContainer": (1, ["targetContainerName"]), "networking/v1.IngressRule": (2, ["host"]),
    "admissionregistration/v1.NamedRuleWithOperations": (2, ["resourceNames"]),
    "admissionregistration/v1.RuleWithOperations": (2, ["operations"]),
    "resource/v1.DeviceClaimConfiguration": (2, ["requests"]),
    "resource/v1.DeviceAllocationConfiguration": (3, ["source", "requests"]),
    "resource/v1.DeviceClassConfiguration": (1, []),
  ]

  private func structure(_ bytes: ArraySlice<UInt8>, _ number: Int, depth: Int) throws(Failure) -> JSON {
    let structure = schema.structures[number]
    var fields = structure.fields
    // The type of an object is no field of its message.
    if structure["kind"]?.protobufNumber == 1, structure["apiVersion"]?.protobufNumber == 2 {
      fields.removeAll { $0.name == "kind" || $0.name == "apiVersion" }
    }
    let embedded = Self.embedded[structure.name]
    var object: JSON = [:]
    try read(
      bytes, into: &object,
      fields: embedded.map { outer in fields.filter { outer.own.contains($0.name) } } ?? fields,
      embedded: embedded.map { outer in (outer.number, fields.filter { !outer.own.contains($0.name) }) },
      depth: depth)
    return object
  }

  private func read(
    _ bytes: ArraySlice<UInt8>, into object: inout JSON, fields: [Schema.Field],
    embedded: (number: Int, fields: [Schema.Field])?, depth: Int
  ) throws(Failure) {
    guard depth < Self.depth else { throw Failure(description: "the message is nested too deeply") }
    var reader = Reader(bytes)
    while let part = try reader.next() {
      if let embedded, part.number == embedded.number, case .bytes(let inner) = part.value {
        // One of them has yet another within.
        let own = embedded.fields.contains { $0.name == "operations" } ? Set(["operations"]) : nil
        try read(
          inner, into: &object,
          fields: own.map { own in embedded.fields.filter { own.contains($0.name) } } ?? embedded.fields,
          embedded: own.map { own in (2, embedded.fields.filter { !own.contains($0.name) }) },
          depth: depth + 1)
        continue
      }
      guard let field = fields.first(where: { $0.protobufNumber == part.number }) else { continue }
      try add(part.value, of: field.shape, named: field.name, to: &object, depth: depth)
    }
  }

  private func add(
    _ value: Reader.Value, of shape: Schema.Shape, named name: String, to object: inout JSON, depth: Int
  ) throws(Failure) {
    switch shape {
    case .list(let element, _):
      var elements = object[name]?.array ?? []
      if case .bytes(let packed) = value, Self.isVarint(element) {
        var rest = Reader(packed)
        while let number = try rest.packedVarint() {
          elements.append(try scalar(.varint(number), element, depth: depth))
        }
      } else {
        elements.append(try scalar(value, element, depth: depth))
      }
      object[name] = .array(elements)
    case .map(let element, _):
      guard case .bytes(let entry) = value else { return }
      var key = ""
      var found: JSON?
      var reader = Reader(entry)
      while let part = try reader.next() {
        if part.number == 1, case .bytes(let text) = part.value {
          key = String(decoding: text, as: UTF8.self)
        }
        if part.number == 2 { found = try scalar(part.value, element, depth: depth) }
      }
      var map = object[name] ?? [:]
      map[key] = found ?? Self.zero(element)
      object[name] = map
    default: object[name] = try scalar(value, shape, depth: depth)
    }
  }

  private static func isVarint(_ shape: Schema.Shape) -> Bool {
    switch shape {
    case .boolean, .int32, .int64: true
    default: false
    }
  }

  private static func zero(_ shape: Schema.Shape) -> JSON {
    switch shape {
    case .boolean: false
    case .int32, .int64, .number: 0
    case .quantity: "0"
    case .list: []
    case .structure, .map: [:]
    default: ""
    }
  }

  // MARK: Values

  private func scalar(_ value: Reader.Value, _ shape: Schema.Shape, depth: Int) throws(Failure) -> JSON {
    switch (shape, value) {
    case (.string, .bytes(let text)): return .string(String(decoding: text, as: UTF8.self))
    case (.bytes, .bytes(let bytes)): return .string(Base64.encode(Array(bytes)))
    case (.boolean, .varint(let number)): return .boolean(number != 0)
    case (.int32, .varint(let number)): return .integer(Int64(Int32(truncatingIfNeeded: number)))
    case (.int64, .varint(let number)): return .integer(Int64(bitPattern: number))
    case (.number, .fixed64(let bits)): return .number(Double(bitPattern: bits))
    case (.structure(let number), .bytes(let bytes)): return try structure(bytes, number, depth: depth + 1)
    case (.quantity, .bytes(let bytes)): return .string(try text(bytes, field: 1) ?? "0")
    case (.duration, .bytes(let bytes)):
      return .string(GoDuration(nanoseconds: try integer(bytes, field: 1) ?? 0).text)
    case (.intOrString, .bytes(let bytes)):
      if try integer(bytes, field: 1) == 1 { return .string(try text(bytes, field: 3) ?? "") }
      return .integer(Int64(Int32(truncatingIfNeeded: try integer(bytes, field: 2) ?? 0)))
    case (.time, .bytes(let bytes)), (.microTime, .bytes(let bytes)):
      guard let seconds = try integer(bytes, field: 1) else { return .null }
      let time = Timestamp(
        seconds: seconds, nanoseconds: Int32(truncatingIfNeeded: try integer(bytes, field: 2) ?? 0))
      if case .time = shape { return .string(time.text) }
      return .string(time.microText)
    case (.rawObject, .bytes(let bytes)), (.any, .bytes(let bytes)): return try raw(bytes)
    case (.list(let element, _), .bytes(let bytes)):
      // A list as the value of a map is a message of its items.
      var elements: [JSON] = []
      var reader = Reader(bytes)
      while let part = try reader.next() {
        if part.number == 1 { elements.append(try scalar(part.value, element, depth: depth + 1)) }
      }
      return .array(elements)
    default: throw Failure(description: "a field has another wire type than its kind")
    }
  }

  /// JSON that is carried as bytes: in a message, or with nothing around it.
  private func raw(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSON {
    var reader = Reader(bytes)
    while let part = try reader.next() {
      guard part.number == 1, case .bytes(let json) = part.value else { continue }
      do {
        return try JSON.parse(Array(json))
      } catch {
        throw Failure(description: "an embedded object is no JSON: \(error)")
      }
    }
    return .null
  }

  private func text(_ bytes: ArraySlice<UInt8>, field: Int) throws(Failure) -> String? {
    var reader = Reader(bytes)
    while let part = try reader.next() {
      if part.number == field, case .bytes(let text) = part.value {
        return String(decoding: text, as: UTF8.self)
      }
    }
    return nil
  }

  private func integer(_ bytes: ArraySlice<UInt8>, field: Int) throws(Failure) -> Int64? {
    var reader = Reader(bytes)
    while let part = try reader.next() {
      if part.number == field, case .varint(let number) = part.value { return Int64(bitPattern: number) }
    }
    return nil
  }

  // MARK: The wire

  /// Reads the fields of a message.
  private struct Reader {
    enum Value {
      case varint(UInt64)
      case fixed64(UInt64)
      case fixed32(UInt32)
      case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    private mutating func varint() throws(Failure) -> UInt64 {
      var number: UInt64 = 0
      var shift: UInt64 = 0
      while let byte = rest.popFirst() {
        guard shift < 64 else { break }
        number |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return number }
        shift += 7
      }
      throw Failure(description: "unexpected EOF")
    }

    /// The next of numbers that lie one behind the other; nil at the end.
    mutating func packedVarint() throws(Failure) -> UInt64? { rest.isEmpty ? nil : try varint() }

    private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
      guard count >= 0, count <= rest.count else { throw Failure(description: "unexpected EOF") }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }

    /// The next field; nil at the end.
    mutating func next() throws(Failure) -> (number: Int, value: Value)? {
      if rest.isEmpty { return nil }
      let tag = try varint()
      guard let number = Int(exactly: tag >> 3), number > 0 else {
        throw Failure(description: "illegal tag 0")
      }
      switch tag & 7 {
      case 0: return (number, .varint(try varint()))
      case 1:
        let bytes = try take(8)
        return (number, .fixed64(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
      case 2:
        guard let count = Int(exactly: try varint()) else { throw Failure(description: "unexpected EOF") }
        return (number, .bytes(try take(count)))
      case 5:
        let bytes = try take(4)
        return (number, .fixed32(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
      default: throw Failure(description: "illegal wireType \(tag & 7)")
      }
    }
  }
}
