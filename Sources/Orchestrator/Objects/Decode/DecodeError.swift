/// Why a body is not the object it should be, in Kubernetes' words.
public struct DecodeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Such as `json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type
  /// []v1.ContainerPort`.
  public let description: String

  /// An error with this message.
  public init(_ description: String) { self.description = description }

  /// The message of the answer to a request whose body names its kind but cannot be decoded as the kind expected.
  public static func cannotBeHandled(kind: String, version: String, as expected: String, _ reason: String)
    -> String
  {
    "\(kind) in version \(GoFormat.quoted(version)) cannot be handled as a \(expected): \(reason)"
  }

  /// The reason for a kind that its group and version do not have.
  public static func notRegistered(kind: String, apiVersion: String) -> String {
    "no kind \(GoFormat.quoted(kind)) is registered for version \(GoFormat.quoted(apiVersion)) in scheme "
      + #""k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30""#
  }

  /// The reason for a kind that is another than the one that the path expects of a group.
  public static func notConvertible(kind: String, version: String, to expected: String, of group: String)
    -> String
  {
    let package = group.isEmpty ? "core" : String(group.prefix { $0 != "." })
    return "converting (\(version).\(kind)) to (\(package).\(expected)): unknown conversion"
  }

  /// The message of the answer to a request whose body does not even tell its kind.
  public static func unrecognized(_ body: [UInt8], expecting kind: String, _ reason: String) -> String {
    "the object provided is unrecognized (must be of type \(kind)): \(reason) (\(summary(of: body)))"
  }

  /// The first 30 bytes: as they are when they look like JSON, else in hexadecimal.
  private static func summary(of body: [UInt8]) -> String {
    guard let first = body.first else { return "<empty>" }
    let start = body.prefix(30)
    let text: String
    if first == UInt8(ascii: "{") {
      text = UTF8Repair.string(start)
    } else {
      text = start.map { ($0 < 0x10 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    return body.count > 30 ? text + " ..." : text
  }

  /// The message for fields that are unknown or occur again, when they are refused.
  public static func strict(_ problems: [String]) -> String {
    "strict decoding error: " + problems.joined(separator: ", ")
  }
}

/// What an object says it is.
public struct TypeMeta: Sendable, Hashable {
  /// Such as `apps/v1`; empty when it is not said.
  public let apiVersion: String
  /// Such as `Deployment`; empty when it is not said.
  public let kind: String

  /// What this object says it is.
  /// - Throws: `DecodeError` when it is no object, or what it says is no text.
  public init(_ value: JSON) throws(DecodeError) {
    let prefix = "couldn't get version/kind; json parse error: "
    if value.isNull {
      (apiVersion, kind) = ("", "")
      return
    }
    guard let object = value.object else {
      throw DecodeError(
        prefix + "json: cannot unmarshal \(JSONKind.name(of: value)) into Go value of type struct "
          + #"{ APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#)
    }
    var texts: [String] = []
    for name in ["apiVersion", "kind"] {
      switch object[name] {
      case .string(let text): texts.append(text)
      case nil, .null: texts.append("")
      case let other?:
        throw DecodeError(
          prefix
            + "json: cannot unmarshal \(JSONKind.name(of: other)) into Go struct field .\(name) of type string"
        )
      }
    }
    (apiVersion, kind) = (texts[0], texts[1])
  }

  /// What this body says it is.
  /// - Throws: `DecodeError` when it is no JSON.
  public static func parsing(
    _ body: [UInt8], options: JSON.ParseOptions = JSON.ParseOptions()
  ) throws(DecodeError) -> (TypeMeta, JSONDocument) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONDocument(body, options: options)
    } catch {
      throw DecodeError("couldn't get version/kind; json parse error: \(error)")
    }
    return (try TypeMeta(document.value), document)
  }

  /// The part of `apiVersion` before the slash; empty for the core group.
  public var group: String { apiVersion.lastIndex(of: "/").map { String(apiVersion[..<$0]) } ?? "" }

  /// The part of `apiVersion` behind the slash.
  public var version: String {
    apiVersion.lastIndex(of: "/").map { String(apiVersion[apiVersion.index(after: $0)...]) } ?? apiVersion
  }
}

/// The words for JSON's kinds of values in messages.
enum JSONKind {
  static func name(of value: JSON) -> String {
    switch value {
    case .null: "null"
    case .boolean: "bool"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
