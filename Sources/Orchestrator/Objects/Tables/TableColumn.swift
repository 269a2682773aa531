/// A column of a `meta.k8s.io/v1` Table.
public struct TableColumn: Sendable, Hashable {
  /// The heading; kubectl writes it in capitals.
  public let name: String
  /// `string`, `integer`, `number`, `boolean` or `date`.
  public let type: String
  /// `name` for the column that names the object, else mostly empty.
  public let format: String
  /// What the column tells, for people.
  public let description: String
  /// 0 for columns that are always shown; higher ones only with `-o wide`.
  public let priority: Int64

  /// A column; most hold texts and are always shown.
  public init(
    _ name: String, type: String = "string", format: String = "", description: String, priority: Int64 = 0
  ) {
    self.name = name
    self.type = type
    self.format = format
    self.description = description
    self.priority = priority
  }

  /// As an entry of a Table's `columnDefinitions`.
  public var json: JSON {
    [
      "name": .string(name), "type": .string(type), "format": .string(format),
      "description": .string(description), "priority": .integer(priority),
    ]
  }
}

/// A column together with what stands in its cells.
struct TableField: Sendable {
  let column: TableColumn
  let cell: @Sendable (ObjectReader) -> JSON
}

extension TableField {
  /// A column of texts.
  static func text(
    _ name: String, _ description: String, format: String = "", priority: Int64 = 0,
    _ cell: @escaping @Sendable (ObjectReader) -> String
  ) -> TableField {
    let column = TableColumn(name, format: format, description: description, priority: priority)
    return TableField(column: column) { .string(cell($0)) }
  }

  /// A column of numbers. `type` is what the definition calls them: some columns with numbers are declared as strings.
  static func integer(
    _ name: String, _ description: String, type: String = "integer", priority: Int64 = 0,
    _ cell: @escaping @Sendable (ObjectReader) -> Int64
  ) -> TableField {
    let column = TableColumn(name, type: type, description: description, priority: priority)
    return TableField(column: column) { .integer(cell($0)) }
  }

  /// A column of true and false, likewise.
  static func boolean(
    _ name: String, _ description: String, type: String = "boolean",
    _ cell: @escaping @Sendable (ObjectReader) -> Bool
  ) -> TableField {
    TableField(column: TableColumn(name, type: type, description: description)) { .boolean(cell($0)) }
  }

  static let name = text("Name", "Name of the object, unique within its namespace.", format: "name") {
    $0.text("metadata", "name")
  }

  static let age = text("Age", "Time since the object was created.") { $0.age }

  /// Names and images of the containers in the pod specification at this path, then the selector at that one.
  static func containers(at path: [String], selector: TableField? = nil) -> [TableField] {
    let names = text("Containers", "Names of the containers.", priority: 1) {
      $0.items(path + ["containers"]).map { $0.text("name") }.joined(separator: ",")
    }
    let images = text("Images", "Images that the containers run.", priority: 1) {
      $0.items(path + ["containers"]).map { $0.text("image") }.joined(separator: ",")
    }
    return [names, images] + (selector.map { [$0] } ?? [])
  }

  /// The label selector at this path.
  static func selector(at path: String...) -> TableField {
    text("Selector", "Labels of the pods that belong to the object.", priority: 1) {
      SelectorText.display(ofSelector: $0.value(path))
    }
  }
}
