/// One request to an API server, whether it came over a socket or from a component of the same process.
public struct APIRequest: Sendable {
  /// Such as `GET`, in upper case.
  public var method: String
  /// The path without the query, percent-decoded: `/api/v1/namespaces/default/pods`.
  public var path: String
  /// The parameters of the query, decoded, in their order.
  public var query: [(name: String, value: String)]
  /// Names are in lower case.
  public var headers: [(name: String, value: String)]
  /// The whole body; empty if there is none.
  public var body: [UInt8]
  /// How the caller made itself known to whoever carried the request.
  public var credentials: Credentials
  /// Where the request came from, for logs; empty within the process.
  public var remoteAddress: String

  /// What is known about the caller before the headers are read.
  public enum Credentials: Sendable {
    /// Nothing: a token in the headers may follow.
    case none
    /// Certificates that the client showed and whose key it proved to hold, as DER, its own first. Not verified yet.
    case certificates([[UInt8]])
    /// A component of this process.
    case user(UserInfo)
  }

  /// A request.
  public init(
    method: String = "GET", path: String, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], body: [UInt8] = [], credentials: Credentials = .none,
    remoteAddress: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.credentials = credentials
    self.remoteAddress = remoteAddress
  }

  /// The first value of a header; `name` is in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The first value of a parameter of the query.
  public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// Who makes a request, as authentication found it.
public struct UserInfo: Sendable, Hashable {
  /// Such as `system:serviceaccount:default:builder`.
  public var name: String
  /// Of a service account or a certificate's owner; often empty.
  public var uid: String
  /// Such as `system:masters`.
  public var groups: [String]
  /// More about the user, such as `authentication.kubernetes.io/pod-name`.
  public var extra: [String: [String]]

  /// A user.
  public init(name: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
    self.name = name
    self.uid = uid
    self.groups = groups
    self.extra = extra
  }

  /// The user of a request without credentials.
  public static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])
}
