/// Which part of each object a row of a table carries (`includeObject`).
public enum IncludeObject: String, Sendable, Hashable {
  case none = "None"
  /// The default.
  case metadata = "Metadata"
  case object = "Object"
}

/// Turns the objects of one kind into the rows of a `meta.k8s.io/v1` Table, as the API server does for `kubectl get`.
///
/// `Tables` has the printers of the built-in kinds; those of custom resources are made from their definitions.
public struct TablePrinter: Sendable {
  /// What the cells of a row are about, in their order.
  public let columns: [TableColumn]
  private let cells: @Sendable (ObjectReader) -> [JSON]
  /// The conditions of an object's row.
  private let conditions: @Sendable (ObjectReader) -> [JSON]
  /// What of an object need not be there for its cells.
  public let unread: JSONOmission
  /// The order of the rows; nil for that of the list.
  private let precedes: (@Sendable (ObjectReader, ObjectReader) -> Bool)?

  /// A printer whose cells are computed together.
  init(
    columns: [TableColumn], unread: [String] = [],
    conditions: @escaping @Sendable (ObjectReader) -> [JSON] = { _ in [] },
    cells: @escaping @Sendable (ObjectReader) -> [JSON]
  ) {
    self.columns = columns
    self.cells = cells
    self.conditions = conditions
    self.unread = JSONOmission(Self.unread + unread)
    precedes = nil
  }

  /// A printer with one rule a column; those of `wide` come last.
  init(
    _ fields: [TableField], wide: [TableField] = [],
    precedes: (@Sendable (ObjectReader, ObjectReader) -> Bool)? = nil
  ) {
    let fields = fields + wide
    columns = fields.map(\.column)
    cells = { object in fields.map { $0.cell(object) } }
    conditions = { _ in [] }
    unread = JSONOmission(Self.unread)
    self.precedes = precedes
  }

  /// What no table tells of.
  private static let unread = ["metadata.managedFields"]

  /// Whether rows stand in the order of the list.
  public var keepsOrder: Bool { precedes == nil }

  /// Adds an object's row, as JSON.
  ///
  /// - Parameters:
  ///   - object: may lack what is `unread`.
  ///   - carried: adds the object that the row carries.
  public func appendRow(
    of object: JSON, now: Timestamp, to output: inout [UInt8], carried: (inout [UInt8]) -> Void
  ) {
    let reader = ObjectReader(json: object, now: now)
    output.append(contentsOf: "{\"cells\":".utf8)
    JSON.array(cells(reader)).write(to: &output)
    let conditions = conditions(reader)
    if !conditions.isEmpty {
      output.append(contentsOf: ",\"conditions\":".utf8)
      JSON.array(conditions).write(to: &output)
    }
    output.append(contentsOf: ",\"object\":".utf8)
    carried(&output)
    output.append(UInt8(ascii: "}"))
  }

  /// An object's cells, one for each column. Ages are told as of `now`.
  public func cells(of object: JSON, now: Timestamp) -> [JSON] { cells(ObjectReader(json: object, now: now)) }

  /// The table of one object, with the object's resource version.
  ///
  /// - Parameter includesColumns: Whether the columns are defined: a watch does that in its first event only.
  public func table(
    of object: JSON, include: IncludeObject = .metadata, includesColumns: Bool = true, now: Timestamp
  ) -> JSON {
    let metadata = object["metadata"] ?? [:]
    var version: JSON = [:]
    version["resourceVersion"] = metadata["resourceVersion"]
    return table(
      of: [object], listMetadata: version, include: include, includesColumns: includesColumns, now: now)
  }

  /// The table of a list with this metadata (`resourceVersion`, `continue`, `remainingItemCount`).
  ///
  /// Rows that carry whole objects carry them as they are: with their `kind` and `apiVersion`, if the caller left
  /// these in.
  public func table(
    of objects: [JSON], listMetadata: JSON, include: IncludeObject = .metadata, includesColumns: Bool = true,
    now: Timestamp
  ) -> JSON {
    var readers = objects.map { ObjectReader(json: $0, now: now) }
    if let precedes { readers.sort(by: precedes) }
    let definitions: JSON = includesColumns ? .array(columns.map(\.json)) : .null
    return [
      "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": listMetadata,
      "columnDefinitions": definitions, "rows": .array(readers.map { row(of: $0, include: include) }),
    ]
  }

  private func row(of object: ObjectReader, include: IncludeObject) -> JSON {
    let carried: JSON =
      switch include {
      case .none: .null
      case .metadata: PartialObjectMetadata.object(object.json)
      case .object: object.json
      }
    var row: JSON = ["cells": .array(cells(object)), "object": carried]
    let conditions = conditions(object)
    if !conditions.isEmpty { row["conditions"] = .array(conditions) }
    return row
  }
}
