public import Objects
import Exchange

/// The body of a write: JSON as it came, or what another media type was read to.
public enum RequestBody: Sendable {
  /// JSON as text, whose repeated fields can still be told.
  case text([UInt8])
  /// A value, from YAML or from within the process.
  case value(JSON)

  /// The body as text, for messages.
  var bytes: [UInt8] {
    switch self {
    case .text(let bytes): bytes
    case .value(let value): value.serialized()
    }
  }

  func document() throws(JSONError) -> JSONDocument {
    switch self {
    case .text(let bytes): try JSONDocument(bytes)
    case .value(let value): JSONDocument(value)
    }
  }
}

/// Reads bodies to canonical objects, with the answers to those that cannot be read.
struct BodyDecoder {
  let schema: Schema
  let group: String
  let version: String
  let kind: String
  let shape: Schema.Shape
  let fieldValidation: FieldValidation

  init(_ kind: ResourceKind, _ fieldValidation: FieldValidation) {
    schema = kind.schema
    group = kind.resource.group
    version = kind.resource.version
    self.kind = kind.resource.kind
    shape = kind.shape
    self.fieldValidation = fieldValidation
  }

  /// For a kind that is not the resource's own, such as a Binding.
  /// - Throws: 404 if there is no such kind.
  init(group: String, version: String, kind: String, _ fieldValidation: FieldValidation) throws(StatusError) {
    schema = .builtIn
    guard let shape = schema.shape(forGroup: group, version: version, kind: kind) else { throw .noSuchPath }
    self.group = group
    self.version = version
    self.kind = kind
    self.shape = shape
    self.fieldValidation = fieldValidation
  }

  private static let templateGeneration = "deprecated.daemonset.template.generation"

  private var apiVersion: String { group.isEmpty ? version : group + "/" + version }

  /// The object of a body, with defaults, and what to warn of.
  func object(_ body: RequestBody) throws(StatusError) -> (object: JSON, warnings: [String]) {
    let (type, document) = try identified(body)
    try check(type)
    let decoded: ObjectDecoder.Decoded
    do {
      decoded = try ObjectDecoder(schema: schema).decode(document, as: shape)
    } catch {
      throw cannotBeHandled(type, error.description)
    }
    if fieldValidation == .strict, !decoded.problems.isEmpty {
      throw cannotBeHandled(type, DecodeError.strict(decoded.problems))
    }
    return (completed(decoded.value), fieldValidation == .warn ? decoded.problems : [])
  }

  /// The decoded object with its type and its defaults.
  func completed(_ value: JSON) -> JSON {
    var object = value
    if object["kind"]?.string != kind { object["kind"] = .string(kind) }
    if object["apiVersion"]?.string != apiVersion { object["apiVersion"] = .string(apiVersion) }
    Defaults.apply(to: &object, group: group, version: version, kind: kind)
    if kind == "DaemonSet", object["metadata"]?["annotations"]?[Self.templateGeneration] == nil {
      // Once a field, which is always there: who writes the object owns it. The strategy sets the value.
      object["metadata", "annotations", Self.templateGeneration] = "0"
    }
    return object
  }

  private func identified(_ body: RequestBody) throws(StatusError) -> (TypeMeta, JSONDocument) {
    do {
      switch body {
      case .text(let bytes): return try TypeMeta.parsing(bytes)
      case .value(let value): return (try TypeMeta(value), JSONDocument(value))
      }
    } catch {
      throw .badRequest(DecodeError.unrecognized(body.bytes, expecting: kind, error.description))
    }
  }

  /// Whether a body is what the path expects; what it does not say is taken from the path.
  private func check(_ type: TypeMeta) throws(StatusError) {
    let sentKind = type.kind.isEmpty ? kind : type.kind
    let sentVersion = type.apiVersion.isEmpty ? apiVersion : type.apiVersion
    if sentKind == kind, sentVersion == apiVersion { return }
    let group = type.apiVersion.isEmpty ? self.group : type.group
    let version = type.apiVersion.isEmpty ? self.version : type.version
    guard schema.shape(forGroup: group, version: version, kind: sentKind) != nil else {
      throw cannotBeHandled(type, DecodeError.notRegistered(kind: sentKind, apiVersion: sentVersion))
    }
    guard group == self.group, sentKind == kind else {
      throw cannotBeHandled(
        type,
        DecodeError.notConvertible(kind: sentKind, version: version, to: kind, of: self.group))
    }
    throw .badRequest(
      "the API version in the data (\(sentVersion)) does not match the expected API version (\(apiVersion))")
  }

  private func cannotBeHandled(_ type: TypeMeta, _ reason: String) -> StatusError {
    .badRequest(
      DecodeError.cannotBeHandled(
        kind: type.kind.isEmpty ? kind : type.kind,
        version: type.apiVersion.isEmpty ? version : type.version, as: kind, reason))
  }
}
