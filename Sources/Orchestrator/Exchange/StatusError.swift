public import Objects

/// A failure that a client of the API sees: a `Status` of Kubernetes, with its code.
public struct StatusError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The whole `Status`, as it is sent.
  public var status: JSON

  /// A failure with an answer that is known whole, such as one that a server sent.
  public init(status: JSON) { self.status = status }

  /// A failure in parts; `details` is left out if it is nil.
  public init(code: Int, reason: String, message: String, details: JSON? = nil) {
    var status: JSON = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
      "code": .integer(Int64(code)),
    ]
    if !reason.isEmpty { status["reason"] = .string(reason) }
    if let details { status["details"] = details }
    self.status = status
  }

  /// The HTTP status code; 500 if the Status names none.
  public var code: Int { status["code"]?.integer.flatMap { Int(exactly: $0) } ?? 500 }
  /// Such as `NotFound`; empty if unknown.
  public var reason: String { status["reason"]?.string ?? "" }
  /// What people read.
  public var message: String { status["message"]?.string ?? "" }
  /// The message.
  public var description: String { message }

  /// Whether the object is not there.
  public var isNotFound: Bool { reason == "NotFound" }
  /// Whether an object of this name is there already.
  public var isAlreadyExists: Bool { reason == "AlreadyExists" }
  /// Whether the object has changed meanwhile.
  public var isConflict: Bool { reason == "Conflict" }
  /// Whether a revision or a continue token is too old.
  public var isExpired: Bool { code == 410 }
}

extension StatusError {
  private static func details(_ resource: Resource?, name: String) -> JSON {
    var details: JSON = [:]
    if !name.isEmpty { details["name"] = .string(name) }
    if let resource {
      if !resource.group.isEmpty { details["group"] = .string(resource.group) }
      details["kind"] = .string(resource.resource)
    }
    return details
  }

  /// `pods`, `deployments.apps`.
  private static func qualified(_ resource: Resource) -> String {
    resource.group.isEmpty ? resource.resource : resource.resource + "." + resource.group
  }

  private static func quoted(_ text: String) -> String { "\"" + text + "\"" }

  /// 404: there is no such object.
  public static func notFound(_ resource: Resource, name: String) -> StatusError {
    StatusError(
      code: 404, reason: "NotFound", message: qualified(resource) + " " + quoted(name) + " not found",
      details: details(resource, name: name))
  }

  /// 409: there is such an object.
  public static func alreadyExists(_ resource: Resource, name: String) -> StatusError {
    StatusError(
      code: 409, reason: "AlreadyExists",
      message: qualified(resource) + " " + quoted(name) + " already exists",
      details: details(resource, name: name))
  }

  /// 409: the operation does not fit what the object is now; `problem` says why.
  public static func conflict(_ resource: Resource, name: String, _ problem: String) -> StatusError {
    StatusError(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(qualified(resource)) \(quoted(name)): \(problem)",
      details: details(resource, name: name))
  }

  /// 409: the object has another version than the writer read.
  public static func modified(_ resource: Resource, name: String) -> StatusError {
    conflict(
      resource, name: name,
      "the object has been modified; please apply your changes to the latest version and try again")
  }

  /// 422: the object breaks rules.
  public static func invalid(_ errors: [FieldError], group: String, kind: String, name: String) -> StatusError
  {
    StatusError(status: errors.invalidStatus(group: group, kind: kind, name: name))
  }

  /// 400.
  public static func badRequest(_ message: String) -> StatusError {
    StatusError(code: 400, reason: "BadRequest", message: message)
  }

  /// 401.
  public static let unauthorized = StatusError(code: 401, reason: "Unauthorized", message: "Unauthorized")

  /// 403: `problem` says why, as in `User "jane" cannot list resource "pods" in API group "" at the cluster scope`.
  public static func forbidden(_ resource: Resource?, name: String, _ problem: String) -> StatusError {
    let message =
      switch (resource, name.isEmpty) {
      case (let resource?, false): "\(qualified(resource)) \(quoted(name)) is forbidden: \(problem)"
      case (let resource?, true): "\(qualified(resource)) is forbidden: \(problem)"
      case (nil, _): "forbidden: \(problem)"
      }
    return StatusError(
      code: 403, reason: "Forbidden", message: message, details: details(resource, name: name))
  }

  /// 404: nothing is served at the path.
  public static let noSuchPath = StatusError(
    code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: [:])

  /// 405.
  public static let methodNotAllowed = StatusError(
    code: 405, reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource", details: [:])

  /// 406, with the media types that there are.
  public static func notAcceptable(_ mediaTypes: [String]) -> StatusError {
    StatusError(
      code: 406, reason: "NotAcceptable",
      message: "406: Not Acceptable\n\nAvailable representations: " + mediaTypes.joined(separator: ", "),
      details: [:])
  }

  /// 410: a revision is no longer there.
  public static func expired(_ message: String) -> StatusError {
    StatusError(code: 410, reason: "Expired", message: message)
  }

  /// 413: a body is larger than `limit` bytes.
  public static func requestTooLarge(limit: Int) -> StatusError {
    StatusError(
      code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limit)")
  }

  /// 415: a body's media type is not understood; `accepted` are those that are.
  public static func unsupportedMediaType(_ accepted: [String]) -> StatusError {
    StatusError(
      code: 415, reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - accepted media types include: "
        + accepted.joined(separator: ", "))
  }

  /// 429: the caller should ask again later.
  public static func tooManyRequests(_ message: String, retryAfterSeconds: Int = 1) -> StatusError {
    StatusError(
      code: 429, reason: "TooManyRequests", message: message,
      details: ["retryAfterSeconds": .integer(Int64(retryAfterSeconds))])
  }

  /// 500.
  public static func internalError(_ message: String) -> StatusError {
    StatusError(
      code: 500, reason: "InternalError", message: "Internal error occurred: " + message,
      details: ["causes": [["message": .string(message)]]])
  }

  /// 503: what is asked for cannot be had now.
  public static func unavailable(_ message: String) -> StatusError {
    StatusError(code: 503, reason: "ServiceUnavailable", message: message)
  }

  /// 504: the store or another server did not answer in time.
  public static func timeout(_ message: String) -> StatusError {
    StatusError(code: 504, reason: "Timeout", message: "Timeout: " + message, details: [:])
  }
}
