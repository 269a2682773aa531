import Checksum

/// The OpenAPI v3 description of the API: an index of documents, and one document for each group and version, made
/// from the schema and the resources that are served.
///
/// kubectl reads there what `explain` prints, how strategic merge patches treat lists, and whether PATCH knows
/// `fieldValidation` and `dryRun`. Every call makes its document anew; the caller keeps what it serves.
public struct OpenAPIDocuments: Sendable {
  private let schema: Schema
  private let resources: [Resource]
  private let kinds: OpenAPIKinds
  /// What the documents say of the server, such as `v1.36.0`.
  private let serverVersion: String

  /// The documents of these resources, whose kinds the schema knows.
  public init(schema: Schema, resources: [Resource], serverVersion: String = "v1.36.0") {
    self.schema = schema
    self.resources = resources
    self.serverVersion = serverVersion
    kinds = OpenAPIKinds(resources: resources, schema: schema)
  }

  /// What a document is about; its path below `/openapi/v3/`.
  private enum Subject {
    case groupVersion(group: String, version: String)
    case page(OpenAPIPage)
  }

  private var subjects: [String: Subject] {
    var subjects: [String: Subject] = [:]
    for page in OpenAPIPage.fixed { subjects[page.document] = .page(page) }
    for resource in resources {
      let (group, version) = (resource.group, resource.version)
      if group.isEmpty {
        subjects["api/\(version)"] = .groupVersion(group: group, version: version)
      } else {
        subjects["apis/\(group)"] = .page(.group(group))
        subjects["apis/\(group)/\(version)"] = .groupVersion(group: group, version: version)
      }
    }
    return subjects
  }

  /// The paths of the documents below `/openapi/v3/`, sorted: `api/v1`, `apis/apps/v1` and so on, and those of the
  /// pages that list groups and versions.
  public var paths: [String] { subjects.keys.sorted() }

  /// `/openapi/v3`: where the documents are, each with the hash of its content, so that clients may keep them.
  ///
  /// Makes every document.
  public var index: JSON {
    index { path in self.document(at: path).map { Self.hash(of: $0.serialized()) } ?? "" }
  }

  /// The index with hashes that the caller knows, by the paths of the documents.
  public func index(hash: (String) -> String) -> JSON {
    let entries: [(String, JSON)] = paths.map { path in
      (path, ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash(path))")])
    }
    return ["paths": .object(JSONObject(entries))]
  }

  /// The hash of a document in its serialized form: SHA-256 in capital hexadecimal digits.
  public static func hash(of document: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF")
    var hash = SHA256()
    hash.add(document)
    return String(hash.digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The document at one of `paths`; nil if there is none.
  public func document(at path: String) -> JSON? {
    switch subjects[path] {
    case .groupVersion(let group, let version): document(group: group, version: version)
    case .page(let page): document(paths: page.paths(kinds: kinds))
    case nil: nil
    }
  }

  /// The document of a group and version; nil if no resource is served in it.
  public func document(group: String, version: String) -> JSON? {
    let served = resources.filter { ($0.group, $0.version) == (group, version) }
    guard !served.isEmpty else { return nil }
    return document(paths: served.flatMap { OpenAPIPaths(resource: $0, kinds: kinds, schema: schema).items })
  }

  private func document(paths: [(String, JSON)]) -> JSON {
    let paths = JSON.object(JSONObject(paths))
    var components = OpenAPIComponents(schema: schema, kinds: kinds)
    components.add(referencesOf: paths)
    return [
      "openapi": "3.0.0",
      "info": ["title": "Kubernetes", "version": .string(serverVersion)],
      "paths": paths,
      "components": [
        "schemas": components.json,
        "securitySchemes": [
          "BearerToken": [
            "type": "apiKey", "in": "header", "name": "authorization",
            "description": "A bearer token. Clients may show a certificate instead.",
          ]
        ],
      ],
      "security": [["BearerToken": []]],
    ]
  }
}
