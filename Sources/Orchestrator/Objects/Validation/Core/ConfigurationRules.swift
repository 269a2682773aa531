// The rules for config maps and secrets.
extension Checker {
  mutating func configMap(_ map: JSON) {
    metadata(map, isNamespaced: true, .subdomain)
    let binary = map.entries(at: "binaryData")
    var size = 0
    for entry in map.entries(at: "data") {
      let path = FieldPath("data").key(entry.key)
      invalid(path, entry.key, ValueFormats.configKey(entry.key))
      if binary[entry.key] != nil { invalid(path, entry.key, "duplicate of key present in binaryData") }
      size += (entry.value.string ?? "").utf8.count
    }
    for entry in binary {
      invalid(FieldPath("binaryData").key(entry.key), entry.key, ValueFormats.configKey(entry.key))
      size += Self.decodedSize(entry.value)
    }
    if size > sizeMaximum { tooLong(FieldPath(""), sizeMaximum) }
  }

  mutating func configMapUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    unchangedWhenImmutable(new, old, ["data", "binaryData"])
    configMap(new)
  }

  private mutating func unchangedWhenImmutable(_ new: JSON, _ old: JSON, _ fields: [String]) {
    guard old.flag(at: "immutable") else { return }
    let detail = "field is immutable when `immutable` is set"
    if !new.flag(at: "immutable") { forbidden(FieldPath("immutable"), detail) }
    for field in fields where new.entries(at: field) != old.entries(at: field) {
      forbidden(FieldPath(field), detail)
    }
  }

  /// The size of what a text in Base64 stands for.
  private static func decodedSize(_ value: JSON) -> Int {
    guard let text = value.string else { return 0 }
    let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    return max(0, text.utf8.count / 4 * 3 - padding)
  }

  mutating func secret(_ secret: JSON) {
    metadata(secret, isNamespaced: true, .subdomain)
    let data = secret.entries(at: "data")
    let path = FieldPath("data")
    var size = 0
    for entry in data {
      invalid(path.key(entry.key), entry.key, ValueFormats.configKey(entry.key))
      size += Self.decodedSize(entry.value)
    }
    if size > sizeMaximum { tooLong(path, sizeMaximum) }
    func isMissing(_ key: String) -> Bool { data[key] == nil }
    switch secret.text(at: "type") {
    case "kubernetes.io/service-account-token":
      let key = "kubernetes.io/service-account.name"
      let annotations = (secret["metadata"] ?? .null).entries(at: "annotations")
      if annotations[key]?.string?.isEmpty ?? true { required(FieldPath("metadata", "annotations").key(key)) }
    case "kubernetes.io/dockercfg": dockerConfiguration(data, ".dockercfg")
    case "kubernetes.io/dockerconfigjson": dockerConfiguration(data, ".dockerconfigjson")
    case "kubernetes.io/basic-auth":
      if isMissing("username"), isMissing("password") {
        required(path.key("username"))
        required(path.key("password"))
      }
    case "kubernetes.io/ssh-auth":
      if data["ssh-privatekey"]?.string?.isEmpty ?? true { required(path.key("ssh-privatekey")) }
    case "kubernetes.io/tls":
      for key in ["tls.crt", "tls.key"] where isMissing(key) { required(path.key(key)) }
    default: break
    }
  }

  private mutating func dockerConfiguration(_ data: JSONObject, _ key: String) {
    let path = FieldPath("data").key(key)
    guard let text = data[key]?.string else { return required(path) }
    guard let problem = JSONContent.problem(base64: text) else { return }
    invalid(path, "<secret contents redacted>", problem)
  }

  mutating func secretUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    if new.text(at: "type") != old.text(at: "type") {
      invalid(FieldPath("type"), new.text(at: "type"), fieldIsImmutable)
    }
    unchangedWhenImmutable(new, old, ["data"])
    secret(new)
  }
}

/// Whether bytes are a JSON object.
private enum JSONContent {
  /// What Go's decoder says of the bytes, nil when they are an object.
  static func problem(base64 text: String) -> String? {
    let bytes = decoded(text)
    guard let first = bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
      return "unexpected end of JSON input"
    }
    guard let value = try? JSON.parse(bytes) else {
      if first == UInt8(ascii: "{") { return "unexpected end of JSON input" }
      let shown = first == UInt8(ascii: "'") ? "'\\''" : "'" + String(UnicodeScalar(first)) + "'"
      return "invalid character \(shown) looking for beginning of value"
    }
    let type: String
    switch value {
    case .object, .null: return nil
    case .array: type = "array"
    case .string: type = "string"
    case .boolean: type = "bool"
    case .integer, .number: type = "number"
    }
    return "json: cannot unmarshal \(type) into Go value of type map[string]interface {}"
  }

  private static func decoded(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for byte in text.utf8 {
      let value: UInt32
      switch byte {
      case 0x41...0x5A: value = UInt32(byte - 0x41)
      case 0x61...0x7A: value = UInt32(byte - 0x61) + 26
      case 0x30...0x39: value = UInt32(byte - 0x30) + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: continue
      }
      buffer = (buffer << 6 | value) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
      }
    }
    return bytes
  }
}

/// The most that the values of a config map or secret may be together.
private let sizeMaximum = 1_048_576
