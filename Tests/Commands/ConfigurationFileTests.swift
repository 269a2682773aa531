import Commands
import Testing

/// `--config-file`: etcd's keys in YAML.
struct ConfigurationFileTests {
  private func read(_ text: String) throws -> ServeConfiguration {
    try configuration(["--config-file", "c.yaml"], files: ["c.yaml": text])
  }

  private func message(_ text: String) throws -> String {
    let error = try #require(
      #expect(throws: ConfigurationError.self) {
        try parse(["--config-file", "c.yaml"], files: ["c.yaml": text])
      })
    return error.description
  }

  @Test func keysAreFlags() throws {
    let configuration = try read(
      """
      # a comment
      name: 'm1'
      data-dir: /data
      listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2
      quota-backend-bytes: -1
      max-txn-ops: 64
      grpc-keepalive-min-time: 5000000000
      grpc-keepalive-timeout: 7s
      log-outputs: [stdout, /tmp/log]
      log-level: debug
      wal-dir:
      client-transport-security:
        cert-file:
        client-cert-auth: false
      peer-transport-security: {}
      socket-options:
        reuse-address: true
      """)
    #expect(configuration.name == "m1")
    #expect(configuration.dataDirectory == "/data")
    #expect(configuration.walDirectory == nil)
    #expect(configuration.listenClientURLs.count == 2)
    #expect(configuration.quotaBytes == nil)
    #expect(configuration.transactionOperationsMax == 64)
    #expect(configuration.keepAliveMinimumInterval == .seconds(5))
    #expect(configuration.keepAliveTimeout == .seconds(7))
    #expect(configuration.log.outputs == [.standardOutput, .file("/tmp/log")])
    #expect(configuration.log.level == .debug)
  }

  @Test(arguments: ["", "# nothing\n", "---\n", "~"])
  func anEmptyFileIsAllDefaults(_ text: String) throws {
    #expect(try read(text) == configuration())
  }

  @Test(arguments: [
    ("name: a\nlog-output: stdout\n", "c.yaml:2: unknown key \"log-output\"; did you mean log-outputs?"),
    ("config-file: d.yaml", "c.yaml:1: unknown key \"config-file\""),
    ("max-txn-ops: many", "invalid value \"many\" for c.yaml:1: max-txn-ops: expected a whole number"),
    ("name: [a, [b]]", "c.yaml:1: name must be a list of plain values"),
    ("name:\n  x: y", "c.yaml:1: name must be a single value"),
    ("- a\n- b", "c.yaml: expected a mapping of flag names to values"),
    ("just words", "c.yaml: expected a mapping of flag names to values"),
    ("client-transport-security:\n  cert: x", "c.yaml:2: unknown key \"cert\" in client-transport-security"),
    ("client-transport-security: x", "c.yaml:1: client-transport-security must be a mapping"),
    ("peer-transport-security:\n  cert-file: x", "KeyFile and CertFile must both be present[key: , cert: x]"),
    (
      "peer-transport-security:\n  crl-file: x",
      "c.yaml:2: peer-crl-file: revocation lists are not read; use a CA for the members alone"
    ),
    ("? [a]\n: b", "c.yaml:1: expected a flag's name as key"),
  ])
  func mistakesAreNamedWithTheirLine(_ text: String, _ expected: String) throws {
    #expect(try message(text) == expected)
  }

  @Test(arguments: [
    "name: [", "name: 'a", "\tname: a", "a: b: c", "name: a\nname: b", "%", "&a [*a]", "*a", "!!binary x: y",
  ])
  func notYAML(_ text: String) throws {
    #expect(try message(text).hasPrefix("c.yaml"))
  }

  @Test func hostileFilesAreRefused() throws {
    let deep = "c.yaml: nested too deeply to be a configuration"
    #expect(try message(String(repeating: "[", count: 100_000)) == deep)
    #expect(try message(String(repeating: "{a: ", count: 100_000)) == deep)
    #expect(try message(String(repeating: "- ", count: 100_000)) == deep)
    #expect(try message(String(repeating: "? ", count: 100_000)) == deep)
    #expect(try message(String(repeating: "x", count: 2 << 20)).contains("more than"))
    let indented = (0..<1400).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
    #expect(try message(indented).hasPrefix("c.yaml"))
  }
}
