import Testing

@testable import HTTP

@Suite struct RequestTargetTests {
  @Test(arguments: [
    ("/", "/", []),
    ("/health", "/health", []),
    ("/health?", "/health", []),
    ("/health?serializable=true&exclude=NOSPACE", "/health", ["serializable=true", "exclude=NOSPACE"]),
    ("/a?b", "/a", ["b="]),
    ("/a?b=1=2&&c=%41+d%2Bz", "/a", ["b=1=2", "c=A d+z"]),
    ("/a?b=%", "/a", ["b=%"]),
    ("/a?b=%4", "/a", ["b=%4"]),
    ("/a?b=%zz", "/a", ["b=%zz"]),
    ("/a?%C3%A9=%E2%82%AC?", "/a", ["é=€?"]),
  ])
  func takesApart(target: String, path: String, query: [String]) {
    let parsed = RequestTarget(target)
    #expect(parsed.path == path)
    #expect(parsed.query.map { "\($0.name)=\($0.value)" } == query)
  }
}
