import Bench
import Testing

@Suite struct QuantityTests {
  @Test(
    "people's ways to write a number",
    arguments: [
      ("0", 0), ("1000", 1000), ("1_000_000", 1_000_000), ("1e6", 1_000_000), ("2.5e5", 250_000),
      ("100k", 100_000), ("100K", 100_000), ("3M", 3_000_000), ("1g", 1_000_000_000), ("1.5k", 1500),
      ("1E3", 1000), ("1e+3", 1000),
    ])
  func parses(text: String, value: Int) throws {
    #expect(try Quantity.parse(text) == value)
  }

  @Test(arguments: [
    "", "-5", "abc", "1e", "k", "1.5", "0x10", "nan", "inf", "1e400", "1e30", "1 000", "١٠", "+", ".", "1kk",
  ])
  func refuses(text: String) {
    #expect(throws: Quantity.Malformed.self) { try Quantity.parse(text) }
  }

  @Test(arguments: [("30", 30.0), ("30s", 30), ("200ms", 0.2), ("5m", 300), ("1h", 3600), ("0.5", 0.5)])
  func parsesTimes(text: String, seconds: Double) throws {
    #expect(abs(try Quantity.parseSeconds(text) - seconds) < 1e-9)
  }

  @Test(arguments: ["", "0", "-1", "s", "5d", "1e9h", "nan"])
  func refusesTimes(text: String) {
    #expect(throws: Quantity.Malformed.self) { try Quantity.parseSeconds(text) }
  }

  @Test(arguments: [
    ("127.0.0.1:2379", "127.0.0.1", 2379), ("http://localhost:80/", "localhost", 80),
    ("[::1]:2379", "::1", 2379),
  ])
  func parsesEndpoints(text: String, host: String, port: Int) throws {
    let endpoint = try Endpoint(text)
    #expect(endpoint.host == host)
    #expect(endpoint.port == port)
    #expect(try Endpoint(endpoint.description) == endpoint)
  }

  @Test(arguments: ["", "host", "host:", ":1", "host:0", "host:65536", "::1:2379", "https://a:1", "a:b"])
  func refusesEndpoints(text: String) {
    #expect(throws: Quantity.Malformed.self) { try Endpoint(text) }
  }

  @Test func splitsEndpointLists() throws {
    #expect(try Endpoint.list("a:1,b:2").map(\.description) == ["a:1", "b:2"])
    #expect(throws: Quantity.Malformed.self) { try Endpoint.list(",") }
  }
}
