/// A JSON patch (RFC 6902), with what Kubernetes makes of it:
/// - `replace` of a member that is not there adds it; of an element that is not there it fails.
/// - `test` of a member that is not there succeeds against null.
/// - An index may be negative and then counts from the end.
/// - `add` and `replace` without a value put null.
/// - The document as a whole can be tested and replaced, but neither added, removed, moved nor copied.
public struct JSONPatch: Sendable {
  /// One step. Nil is both absent and null.
  struct Operation: Sendable {
    /// The name of the operation. Absent is not the same as empty, but for what the error says.
    var name = "unknown"
    var path: JSONPointer?
    var from: JSONPointer?
    var value: JSON?
  }

  let operations: [Operation]
  /// A message for each member of an operation that does not belong there, in Kubernetes' wording: a warning, or with
  /// `fieldValidation=Strict` an error.
  public let unknownFields: [String]

  /// Reads a patch.
  ///
  /// Throws `.badRequest` where it is not an array of operations, `.tooLarge` where it has more than
  /// `PatchLimits.operations`. What the operations say is found out by `apply`.
  public init(_ json: JSON) throws(PatchError) {
    guard !json.isNull else {
      operations = []
      unknownFields = []
      return
    }
    guard let elements = json.array else {
      throw Self.undecodable(
        "cannot unmarshal \(GoFormat.kind(of: json)) into Go value of type []handlers.jsonPatchOp")
    }
    guard !json.isTooDeep else { throw PatchError(.badRequest, "error decoding patch: exceeded max depth") }
    var operations: [Operation] = []
    var unknownFields: [String] = []
    for (position, element) in elements.enumerated() {
      operations.append(try Self.operation(element))
      for member in element.object ?? [:] where !["op", "path", "from", "value"].contains(member.key) {
        unknownFields.append("json patch unknown field \"[\(position)].\(member.key)\"")
      }
    }
    guard operations.count <= PatchLimits.operations else {
      throw PatchError(
        .tooLarge,
        "Request entity too large: The allowed maximum operations in a JSON patch is \(PatchLimits.operations), "
          + "got \(operations.count)")
    }
    self.operations = operations
    self.unknownFields = unknownFields
  }

  /// The document after all operations, in order.
  ///
  /// Throws `.unprocessable` when one of them cannot be carried out or a test fails.
  public func apply(to document: JSON) throws(PatchError) -> JSON {
    var editor = JSONPatchEditor(document)
    for operation in operations { try editor.perform(operation) }
    return editor.document
  }

  private static func operation(_ json: JSON) throws(PatchError) -> Operation {
    var operation = Operation()
    guard !json.isNull else { return operation }
    guard json.object != nil else {
      throw undecodable(
        "cannot unmarshal \(GoFormat.kind(of: json)) into Go value of type handlers.jsonPatchOp")
    }
    if let name = try text("op", of: json) { operation.name = name }
    operation.path = try text("path", of: json).map { JSONPointer($0) }
    operation.from = try text("from", of: json).map { JSONPointer($0) }
    if let value = json["value"], !value.isNull { operation.value = value }
    return operation
  }

  private static func text(_ field: String, of json: JSON) throws(PatchError) -> String? {
    switch json[field] {
    case nil, .null?: return nil
    case .string(let text)?: return text
    case let other?:
      throw undecodable(
        "cannot unmarshal \(GoFormat.kind(of: other)) into Go struct field jsonPatchOp.\(field) of type string"
      )
    }
  }

  private static func undecodable(_ reason: String) -> PatchError {
    PatchError(.badRequest, "error decoding patch: json: \(reason)")
  }
}
