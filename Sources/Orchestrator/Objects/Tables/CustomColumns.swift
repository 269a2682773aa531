extension TablePrinter {
  /// The printer of a custom resource with these `additionalPrinterColumns`, of one version of its definition: the
  /// name, then a column for each definition, or the age if there are none.
  ///
  /// A cell is null where the path leads nowhere or to a value of another type than the column's.
  public init(customColumns definitions: [JSON]) {
    let age: JSON = ["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"]
    self.init([.name], wide: (definitions.isEmpty ? [age] : definitions).map(TableField.custom))
  }
}

extension TableField {
  fileprivate static func custom(_ definition: JSON) -> TableField {
    let type = definition["type"]?.string ?? ""
    let expression = definition["jsonPath"]?.string ?? ""
    let path = ColumnPath(expression)
    let description = definition["description"]?.string ?? ""
    let column = TableColumn(
      definition["name"]?.string ?? "", type: type, format: definition["format"]?.string ?? "",
      description: description.isEmpty ? "What the object has at \(expression)." : description,
      priority: definition["priority"]?.integer ?? 0)
    return TableField(column: column) { object in
      guard let value = path?.first(in: object.json) else { return .null }
      return type == "string" ? .string(printed(value)) : cell(value, type: type, now: object.now)
    }
  }

  /// Any value as text.
  private static func printed(_ value: JSON) -> String {
    switch value {
    case .null: "<no value>"
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): "\(value)"
    case .string(let text): text
    case .array, .object: value.text
    }
  }

  private static func cell(_ value: JSON, type: String, now: Timestamp) -> JSON {
    switch (type, value) {
    case ("integer", .integer), ("number", .number), ("boolean", .boolean):
      return value
    case ("integer", .number(let number)):
      // Fractions are dropped.
      return Int64(exactly: number.rounded(.towardZero)).map { .integer($0) } ?? .null
    case ("number", .integer(let number)):
      return .number(Double(number))
    case ("date", .string(let text)):
      guard text.isEmpty || Timestamp(text) != nil else { return "<invalid>" }
      let reader = ObjectReader(json: ["time": value], now: now)
      return .string(reader.elapsed(since: "time"))
    default:
      return .null
    }
  }
}
