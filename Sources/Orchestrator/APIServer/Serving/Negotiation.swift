import Exchange
public import Objects

/// YAML as bodies are written and read, for which a library is used.
public protocol YAMLCoding: Sendable {
  /// The value of one document.
  /// - Throws: what is wrong with it, in words.
  func read(_ bytes: [UInt8]) throws(YAMLError) -> JSON

  /// One document.
  func write(_ value: JSON) -> [UInt8]
}

/// Why a text is no YAML.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// A reason.
  public init(_ description: String) { self.description = description }
}

/// The form of an answer, as the header `Accept` asks for it.
struct Representation: Sendable, Hashable {
  /// What is made of objects.
  enum Shape: Sendable, Hashable {
    case object
    case table
    case partial
  }

  var shape = Shape.object
  var isYAML = false

  static let mediaTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

  /// Without further wishes.
  static let json = Representation()

  private init() {}

  /// The header of an answer with this form.
  var contentType: String { isYAML ? "application/yaml" : "application/json" }

  /// Chooses among what a client takes.
  /// - Parameter shapes: which besides the object itself can be had.
  /// - Throws: 406.
  init(accept: String?, shapes: Set<Shape> = []) throws(StatusError) {
    guard let accept, !accept.isEmpty else { return }
    for clause in MediaClause.all(accept) {
      switch clause.type {
      case "application/json", "application/*", "*/*": isYAML = false
      case "application/yaml": isYAML = true
      default: continue
      }
      switch clause.parameters["as"] {
      case nil: shape = .object
      case "Table"? where shapes.contains(.table) && clause.isMetaGroup: shape = .table
      case "PartialObjectMetadata"?, "PartialObjectMetadataList"?:
        guard shapes.contains(.partial), clause.isMetaGroup else { continue }
        shape = .partial
      default: continue
      }
      return
    }
    throw .notAcceptable(Self.mediaTypes)
  }

  /// The bytes of a value in this form.
  func bytes(_ value: JSON, _ yaml: (any YAMLCoding)?) -> [UInt8] {
    if isYAML, let yaml { return yaml.write(value) }
    var bytes = value.serialized()
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}

/// One of the media types of a header, with its parameters.
struct MediaClause: Sendable, Hashable {
  /// Media types of a header that are looked at, at most.
  static let limit = 32

  var type: String
  var parameters: [String: String] = [:]
  private var quality = 1.0

  /// Those of a header, the most wanted first.
  static func all(_ header: String) -> [MediaClause] {
    let clauses = header.split(separator: ",").prefix(limit).map { MediaClause(String($0)) }
    return clauses.enumerated().filter { $0.element.quality > 0 }
      .sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }.map(\.element)
  }

  init(_ text: String) {
    let parts = text.split(separator: ";").map { $0.filter { $0 != " " } }
    type = parts.first.map { $0.lowercased() } ?? ""
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      if pair[0] == "q" {
        quality = Double(pair[1]) ?? 1
      } else {
        parameters[String(pair[0])] = String(pair[1])
      }
    }
  }

  /// Whether the form is one of Kubernetes' own.
  var isMetaGroup: Bool {
    (parameters["g"] ?? "meta.k8s.io") == "meta.k8s.io" && (parameters["v"] ?? "v1") == "v1"
  }
}
