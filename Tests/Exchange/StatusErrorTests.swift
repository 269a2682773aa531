import Exchange
import Objects
import Testing

@Suite struct StatusErrorTests {
  private static let pods = Resource.builtIn(group: "", version: "v1", resource: "pods")!
  private static let deployments = Resource.builtIn(group: "apps", version: "v1", resource: "deployments")!

  /// What a stock API server says, to the letter.
  @Test(arguments: [
    (
      StatusError.notFound(pods, name: "a"),
      #"{"apiVersion":"v1","code":404,"details":{"kind":"pods","name":"a"},"kind":"Status","message":"pods \"a\" not found","metadata":{},"reason":"NotFound","status":"Failure"}"#
    ),
    (
      StatusError.notFound(deployments, name: "a"),
      #"{"apiVersion":"v1","code":404,"details":{"group":"apps","kind":"deployments","name":"a"},"kind":"Status","message":"deployments.apps \"a\" not found","metadata":{},"reason":"NotFound","status":"Failure"}"#
    ),
    (
      StatusError.alreadyExists(pods, name: "a"),
      #"{"apiVersion":"v1","code":409,"details":{"kind":"pods","name":"a"},"kind":"Status","message":"pods \"a\" already exists","metadata":{},"reason":"AlreadyExists","status":"Failure"}"#
    ),
    (
      StatusError.modified(pods, name: "a"),
      #"{"apiVersion":"v1","code":409,"details":{"kind":"pods","name":"a"},"kind":"Status","message":"Operation cannot be fulfilled on pods \"a\": the object has been modified; please apply your changes to the latest version and try again","metadata":{},"reason":"Conflict","status":"Failure"}"#
    ),
    (
      StatusError.unauthorized,
      #"{"apiVersion":"v1","code":401,"kind":"Status","message":"Unauthorized","metadata":{},"reason":"Unauthorized","status":"Failure"}"#
    ),
    (
      StatusError.methodNotAllowed,
      #"{"apiVersion":"v1","code":405,"details":{},"kind":"Status","message":"the server does not allow this method on the requested resource","metadata":{},"reason":"MethodNotAllowed","status":"Failure"}"#
    ),
  ])
  func `failures are written as a stock server writes them`(error: StatusError, expected: String) {
    #expect(error.status.text == expected)
  }

  @Test func `a failure that a server sent keeps what it said`() throws {
    let sent = try JSON.parse(Array(#"{"kind":"Status","code":409,"reason":"Conflict","message":"m"}"#.utf8))
    let error = StatusError(status: sent)
    #expect(error.code == 409 && error.isConflict && !error.isNotFound && error.message == "m")
  }
}
