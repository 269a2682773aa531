/// A page of the API that is no resource: the lists of versions, groups and resources, the server's version, and what
/// others need to check service account tokens.
enum OpenAPIPage: Sendable, Hashable {
  case coreVersions
  case groupList
  case group(String)
  case version
  case openIDConfiguration
  case openIDKeys

  /// Those that are always there.
  static let fixed: [OpenAPIPage] = [.coreVersions, .groupList, .version, .openIDConfiguration, .openIDKeys]

  static let versionInfo = "io.k8s.apimachinery.pkg.version.Info"

  /// The path of its document below `/openapi/v3/`.
  var document: String {
    switch self {
    case .coreVersions: "api"
    case .groupList: "apis"
    case .group(let name): "apis/\(name)"
    case .version: "version"
    case .openIDConfiguration: ".well-known/openid-configuration"
    case .openIDKeys: "openid/v1/jwks"
    }
  }

  /// The path item of the page.
  func paths(kinds: OpenAPIKinds) -> [(String, JSON)] {
    let (operation, summary, schema, types) = content
    let media: [(String, JSON)] = types.map { ($0, ["schema": schema]) }
    let get: JSON = [
      "operationId": .string(operation), "description": .string(summary),
      "responses": [
        "200": ["description": "OK", "content": .object(JSONObject(media))],
        "401": ["description": "Unauthorized"],
      ],
    ]
    // Pages are known by their paths with a slash at the end.
    return [("/\(document)/", ["get": get])]
  }

  private var content: (operation: String, summary: String, schema: JSON, types: [String]) {
    func meta(_ kind: String) -> JSON {
      OpenAPIKinds.reference(toComponent: OpenAPIKinds.component(ofStructure: "meta/v1.\(kind)"))
    }
    return switch self {
    case .coreVersions:
      ("getCoreAPIVersions", "Versions of the core group.", meta("APIVersions"), OpenAPIOperation.objectTypes)
    case .groupList:
      ("getAPIVersions", "Groups and their versions.", meta("APIGroupList"), OpenAPIOperation.objectTypes)
    case .group(let name):
      (
        "get\(OpenAPIOperation.groupName(name))APIGroup", "Versions of the group.", meta("APIGroup"),
        OpenAPIOperation.objectTypes
      )
    case .version:
      (
        "getCodeVersion", "The version of the server.",
        OpenAPIKinds.reference(toComponent: Self.versionInfo), ["application/json"]
      )
    case .openIDConfiguration:
      (
        "getServiceAccountIssuerOpenIDConfiguration", "Who issues the tokens of service accounts.",
        ["type": "string"], ["application/json"]
      )
    case .openIDKeys:
      (
        "getServiceAccountIssuerOpenIDKeyset", "The keys with which these tokens are signed.",
        ["type": "string"], ["application/jwk-set+json"]
      )
    }
  }
}
