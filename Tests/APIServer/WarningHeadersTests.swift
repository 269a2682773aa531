import Testing

@testable import APIServer

struct WarningHeadersTests {
  @Test(
    arguments: [
      ([], []),
      (["unknown field \"spec.a\""], [#"299 - "unknown field \"spec.a\"""#]),
      (["a\r\nb\u{7f}c", #"d\"#], [#"299 - "a  b c""#, #"299 - "d\\""#]),
      (["a", "b", "a"], [#"299 - "a""#, #"299 - "b""#]),
      ([String(repeating: "x", count: 4096)], ["299 - \"" + String(repeating: "x", count: 4096) + "\""]),
      (
        [String(repeating: "x", count: 4000), String(repeating: "é", count: 300), "z"],
        [
          "299 - \"" + String(repeating: "x", count: 256) + "\"",
          "299 - \"" + String(repeating: "é", count: 256) + "\"", #"299 - "z""#,
        ]
      ),
    ] as [([String], [String])])
  func `warnings stand in quotes, and are cut when they are too long`(texts: [String], values: [String]) {
    let headers = WarningHeaders.headers(texts)
    #expect(headers.map(\.value) == values)
    #expect(headers.allSatisfy { $0.name == "warning" })
  }

  @Test func `a client gets no more warnings than it can take`() {
    let headers = WarningHeaders.headers((0..<20_000).map { "unknown field \"\($0 + 10_000)\"" })
    #expect(headers.count == 64)
    #expect(headers.last?.value == #"299 - "unknown field \"10063\"""#)
    let long = WarningHeaders.headers((0..<100).map { String(repeating: "x", count: 1000 + $0) })
    #expect(long.count == 16)
    #expect(long.allSatisfy { $0.value.count == 264 })
  }
}
