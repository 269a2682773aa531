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
  /// The order of the rows; nil for that of the list.
  private let precedes: (@Sendable (ObjectReader, ObjectReader) -> Bool)?

  /// A printer whose cells are computed together.
  init(
    columns: [TableColumn],
    conditions: @escaping @Sendable (ObjectReader) -> [JSON] = { _ in [] },
    cells: @escaping @Sendable (ObjectReader) -> [JSON]
  ) {
    self.columns = columns
    self.cells = cells
    self.conditions = conditions
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
    self.precedes = precedes
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
