import Exchange
import Objects
import Registry
import Storage

/// The answer to a list: stored objects are joined as they are, without being read.
enum ListBody {
  static func metadata(_ list: ObjectList) -> JSON {
    var metadata: JSON = ["resourceVersion": .string(String(list.revision))]
    if !list.continueToken.isEmpty { metadata["continue"] = .string(list.continueToken) }
    if let rest = list.remainingItemCount { metadata["remainingItemCount"] = .integer(rest) }
    return metadata
  }

  static func bytes(_ list: ObjectList, _ resource: Resource) -> [UInt8] {
    var size = 256
    for item in list.items { size += item.size + 48 }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    bytes += Array(
      "{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"\(resource.apiVersion)\",\"metadata\":".utf8)
    metadata(list).write(to: &bytes)
    bytes += Array(",\"items\":[".utf8)
    let isStored = StoredVersion.of(resource) == resource
    for (index, item) in list.items.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      if isStored {
        item.append(to: &bytes, asItem: true)
      } else {
        untyped(StoredVersion.served(item.json, as: resource)).write(to: &bytes)
      }
    }
    bytes += Array("]}\n".utf8)
    return bytes
  }

  /// Items of a list leave out what the list says.
  private static func untyped(_ object: JSON) -> JSON {
    var object = object
    object["kind"] = nil
    object["apiVersion"] = nil
    return object
  }

  static func json(_ list: ObjectList, _ resource: Resource) -> JSON {
    [
      "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion),
      "metadata": metadata(list),
      "items": .array(list.items.map { untyped(StoredVersion.served($0.json, as: resource)) }),
    ]
  }

  static func table(_ list: ObjectList, _ resource: Resource, include: IncludeObject, now: Timestamp) -> JSON
  {
    Tables.printer(group: resource.group, kind: resource.kind).table(
      of: list.items.map { StoredVersion.served($0.json, as: resource) }, listMetadata: metadata(list),
      include: include, now: now)
  }

  static func partial(_ list: ObjectList) -> JSON {
    PartialObjectMetadata.list(list.items.map(\.json), listMetadata: metadata(list))
  }
}
