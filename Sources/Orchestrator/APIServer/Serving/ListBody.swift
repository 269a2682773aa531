import Exchange
import Objects
import Registry
import Storage

/// Lists as values, for the forms that are not written page by page.
enum ListBody {
  static func metadata(revision: Int64, continueToken: String = "", remainingItemCount: Int64? = nil) -> JSON
  {
    var metadata: JSON = ["resourceVersion": .string(String(revision))]
    if !continueToken.isEmpty { metadata["continue"] = .string(continueToken) }
    if let remainingItemCount { metadata["remainingItemCount"] = .integer(remainingItemCount) }
    return metadata
  }

  static func metadata(_ list: ObjectList) -> JSON {
    metadata(
      revision: list.revision, continueToken: list.continueToken, remainingItemCount: list.remainingItemCount)
  }

  /// Items of a list leave out what the list says.
  static func untyped(_ object: JSON) -> JSON {
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

/// Writes a list as JSON, page by page. Stored objects are joined as they are, and of those that a table tells of no more
/// is parsed than its cells need.
struct ListWriter: Sendable {
  private enum Form: Sendable {
    case objects
    case partial
    case rows(TablePrinter, IncludeObject)
  }

  private let resource: Resource
  private let form: Form
  private let now: Timestamp
  /// Whether objects are stored as the resource shows them.
  private let isStored: Bool

  /// Nil for a form that cannot be written page by page.
  init?(_ resource: Resource, _ wanted: Representation, include: IncludeObject, now: Timestamp) {
    guard !wanted.isYAML else { return nil }
    switch wanted.shape {
    case .object: form = .objects
    case .partial: form = .partial
    case .table:
      let printer = Tables.printer(group: resource.group, kind: resource.kind)
      guard printer.keepsOrder else { return nil }
      form = .rows(printer, include)
    }
    self.resource = resource
    self.now = now
    isStored = StoredVersion.of(resource) == resource
  }

  /// What comes before the objects.
  func head(_ metadata: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    switch form {
    case .objects:
      bytes +=
        "{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"\(resource.apiVersion)\",\"metadata\":".utf8
    case .partial:
      bytes += "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":".utf8
    case .rows:
      bytes += "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":".utf8
    }
    metadata.write(to: &bytes)
    if case .rows(let printer, _) = form {
      bytes += ",\"columnDefinitions\":".utf8
      JSON.array(printer.columns.map(\.json)).write(to: &bytes)
      bytes += ",\"rows\":[".utf8
    } else {
      bytes += ",\"items\":[".utf8
    }
    return bytes
  }

  /// What comes behind them.
  static let tail = Array("]}\n".utf8)

  /// Objects, with commas between.
  func items(_ objects: ArraySlice<StoredObject>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(objects.reduce(0) { $0 + $1.size + 64 })
    for object in objects {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      append(object, to: &bytes)
    }
    return bytes
  }

  private func append(_ object: StoredObject, to bytes: inout [UInt8]) {
    switch form {
    case .objects where isStored: object.append(to: &bytes, asItem: true)
    case .objects:
      ListBody.untyped(StoredVersion.served(object.json, as: resource)).write(to: &bytes)
    case .partial: Self.appendPartial(object, to: &bytes)
    case .rows(let printer, let include):
      let json =
        isStored ? object.json(omitting: printer.unread) : StoredVersion.served(object.json, as: resource)
      printer.appendRow(of: json, now: now, to: &bytes) { bytes in
        switch include {
        case .none: bytes += "null".utf8
        case .metadata: Self.appendPartial(object, to: &bytes)
        case .object:
          if isStored { object.append(to: &bytes, asItem: false) } else { json.write(to: &bytes) }
        }
      }
    }
  }

  private static func appendPartial(_ object: StoredObject, to bytes: inout [UInt8]) {
    bytes += "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":".utf8
    object.appendMetadata(to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// The objects of a page; those of a large one are written by two at a time.
  func page(_ objects: [StoredObject]) async -> [UInt8] {
    guard case .rows = form, objects.count >= 64 else { return items(objects[...]) }
    let middle = objects.count / 2
    async let second = items(objects[middle...])
    var bytes = items(objects[..<middle])
    bytes.append(UInt8(ascii: ","))
    bytes += await second
    return bytes
  }

  /// A whole list.
  func bytes(_ list: ObjectList) async -> [UInt8] {
    head(ListBody.metadata(list)) + (await page(list.items)) + Self.tail
  }
}
