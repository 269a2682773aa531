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
      guard bytes.first == UInt8(ascii: "{") else { return false }
      output.append(UInt8(ascii: "{"))
      var position = 1
      while true {
        // A member: "key":value, with nothing between.
        let memberStart = position
        guard let keyEnd = endOfString(bytes, position), keyEnd < bytes.count,
          bytes[keyEnd] == UInt8(ascii: ":")
        else { break }
        let key = UnsafeBufferPointer(rebasing: bytes[(position + 1)..<(keyEnd - 1)])
        let valueStart = keyEnd + 1
        if equals(key, "metadata") {
          guard valueStart < bytes.count, bytes[valueStart] == UInt8(ascii: "{") else { break }
          output.append(contentsOf: bytes[memberStart...valueStart])
          output.append(contentsOf: "\"resourceVersion\":\"".utf8)
          output.append(contentsOf: String(revision).utf8)
          output.append(UInt8(ascii: "\""))
          if valueStart + 1 < bytes.count, bytes[valueStart + 1] != UInt8(ascii: "}") {
            output.append(UInt8(ascii: ","))
          }
          output.append(contentsOf: bytes[(valueStart + 1)...])
          return true
        }
        guard let valueEnd = endOfValue(bytes, valueStart), valueEnd < bytes.count,
          bytes[valueEnd] == UInt8(ascii: ",")
        else { break }
        if !(withoutType && (equals(key, "apiVersion") || equals(key, "kind"))) {
          output.append(contentsOf: bytes[memberStart...valueEnd])
        }
        position = valueEnd + 1
      }
      output.removeLast(output.count - start)
      return false
    }
  }

  private static func equals(_ key: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
    key.count == name.utf8CodeUnitCount
      && name.withUTF8Buffer { $0.elementsEqual(key) }
  }

  /// Behind the closing quote of the string that begins here.
  private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
    var position = start + 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""): return position + 1
      default: position += 1
      }
    }
    return nil
  }

  /// Behind the value that begins here.
  private static func endOfValue(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    var position = start
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard let end = endOfString(bytes, position) else { return nil }
        position = end
        if depth == 0 { return position }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position }
        depth -= 1
        if depth == 0 { return position + 1 }
      case UInt8(ascii: ","): if depth == 0 { return position }
      default: break
      }
      position += 1
    }
    return nil
  }
}
