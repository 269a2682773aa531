public import Exchange
public import Objects
import Synchronization

/// One object at one version, shared by all who read it. What the store holds is kept as it is; it is parsed, and
/// written in other forms, at most once.
public final class StoredObject: Sendable {
  /// The store's revision of the write, or of the deletion: the object's resourceVersion.
  public let revision: Int64
  /// As it is in the store: JSON without a resourceVersion.
  let value: [UInt8]

  private struct Cache {
    var json: JSON?
    var encodings: [String: [UInt8]] = [:]
  }

  private let cache: Mutex<Cache>

  init(value: [UInt8], revision: Int64, json: JSON? = nil) {
    self.value = value
    self.revision = revision
    cache = Mutex(Cache(json: json))
  }

  /// The object with its resourceVersion. A value that is no JSON is null.
  public var json: JSON {
    if let json = cache.withLock({ $0.json }) { return json }
    var json = (try? JSON.parse(value)) ?? .null
    if json.object != nil { json["metadata", "resourceVersion"] = .string(String(revision)) }
    cache.withLock { $0.json = json }
    return json
  }

  /// Bytes of the object as it is stored.
  public var size: Int { value.count }

  /// The JSON of the object with its resourceVersion.
  public var bytes: [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(value.count + 48)
    append(to: &output, asItem: false)
    return output
  }

  /// Adds the JSON of the object.
  /// - Parameter asItem: without `apiVersion` and `kind`, which lists of a kind leave out.
  public func append(to output: inout [UInt8], asItem: Bool) {
    if !VersionSplice.append(value, revision: revision, withoutType: asItem, to: &output) {
      var json = json
      if asItem, json.object != nil {
        json["apiVersion"] = nil
        json["kind"] = nil
      }
      json.write(to: &output)
    }
  }

  /// The object without some of its parts, which are not even parsed; its metadata may lack the resourceVersion.
  public func json(omitting omission: JSONOmission) -> JSON {
    if let json = cache.withLock({ $0.json }) { return json }
    return (try? JSON.parse(value, options: JSON.ParseOptions(omitting: omission))) ?? .null
  }

  /// Adds the JSON of the object's metadata, with its resourceVersion.
  public func appendMetadata(to output: inout [UInt8]) {
    if !VersionSplice.appendMetadata(value, revision: revision, to: &output) {
      (json["metadata"] ?? [:]).write(to: &output)
    }
  }

  /// Another form of the object, made by `make` the first time that it is asked for.
  public func encoded(
    _ form: String, _ make: (StoredObject) throws(StatusError) -> [UInt8]
  ) throws(StatusError) -> [UInt8] {
    if let known = cache.withLock({ $0.encodings[form] }) { return known }
    let made = try make(self)
    cache.withLock { $0.encodings[form] = made }
    return made
  }

  /// The same state under the revision of its deletion.
  func deleted(at revision: Int64) -> StoredObject { StoredObject(value: value, revision: revision) }
}

/// Puts the resourceVersion into stored JSON without reading more of it than what comes before `metadata`.
enum VersionSplice {
  /// Appends a stored object with its version as the first member of its metadata.
  /// - Parameter withoutType: leaves out `apiVersion` and `kind` where they come before `metadata`, as they do in what
  ///   this server writes.
  /// - Returns: false, with nothing appended, if the value does not look as expected.
  static func append(
    _ value: [UInt8], revision: Int64, withoutType: Bool, to output: inout [UInt8]
  ) -> Bool {
    value.withUnsafeBufferPointer { bytes in
      let start = output.count
      output.append(UInt8(ascii: "{"))
      let metadata = findMetadata(bytes) { key, member in
        if withoutType && (equals(key, "apiVersion") || equals(key, "kind")) { return }
        output.append(contentsOf: bytes[member])
      }
      guard let metadata else {
        output.removeLast(output.count - start)
        return false
      }
      output.append(contentsOf: "\"metadata\":".utf8)
      append(revision, to: &output, isAlone: bytes[metadata + 1] == UInt8(ascii: "}"))
      output.append(contentsOf: bytes[(metadata + 1)...])
      return true
    }
  }

  /// Appends the metadata of a stored object, with its version.
  /// - Returns: false, with nothing appended, if the value does not look as expected.
  static func appendMetadata(_ value: [UInt8], revision: Int64, to output: inout [UInt8]) -> Bool {
    value.withUnsafeBufferPointer { bytes in
      guard let start = findMetadata(bytes, before: { _, _ in }),
        let end = JSON.endOfValue(bytes, from: start)
      else { return false }
      append(revision, to: &output, isAlone: bytes[start + 1] == UInt8(ascii: "}"))
      output.append(contentsOf: bytes[(start + 1)..<end])
      return true
    }
  }

  private static func append(_ revision: Int64, to output: inout [UInt8], isAlone: Bool) {
    output.append(contentsOf: "{\"resourceVersion\":\"".utf8)
    output.append(contentsOf: String(revision).utf8)
    output.append(contentsOf: (isAlone ? "\"" : "\",").utf8)
  }

  /// Where the object that is the value of `metadata` begins, in JSON without blanks; nil if it is not found.
  /// - Parameter before: is told the members before it: the key, and the place of the member with the comma behind it.
  private static func findMetadata(
    _ bytes: UnsafeBufferPointer<UInt8>, before: (UnsafeBufferPointer<UInt8>, Range<Int>) -> Void
  ) -> Int? {
    guard bytes.first == UInt8(ascii: "{") else { return nil }
    var position = 1
    while position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      // A member: "key":value, with nothing between.
      let memberStart = position
      guard let keyEnd = JSON.endOfValue(bytes, from: position), keyEnd < bytes.count,
        bytes[keyEnd] == UInt8(ascii: ":")
      else { return nil }
      let key = UnsafeBufferPointer(rebasing: bytes[(position + 1)..<(keyEnd - 1)])
      let valueStart = keyEnd + 1
      if equals(key, "metadata") {
        return valueStart + 1 < bytes.count && bytes[valueStart] == UInt8(ascii: "{") ? valueStart : nil
      }
      guard let valueEnd = JSON.endOfValue(bytes, from: valueStart), valueEnd < bytes.count,
        bytes[valueEnd] == UInt8(ascii: ",")
      else { return nil }
      before(key, memberStart..<(valueEnd + 1))
      position = valueEnd + 1
    }
    return nil
  }

  private static func equals(_ key: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
    key.count == name.utf8CodeUnitCount
      && name.withUTF8Buffer { $0.elementsEqual(key) }
  }
}
