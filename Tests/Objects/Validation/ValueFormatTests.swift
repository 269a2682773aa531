import Testing

@testable import Objects

@Suite("Formats of names and values")
struct ValueFormatTests {
  private static let subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start"
    + " and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  private static let label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end"
    + " with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  private static let name =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    + " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  private static let long = String(repeating: "a", count: 254)

  @Test(
    "Names of DNS",
    arguments: [
      ("a", [], []), ("a-b.c", [], ["must not contain dots"]), ("Bad_Name", [subdomain], [label]),
      ("-a", [subdomain], [label]), ("a..b", [subdomain], [label]), ("", [subdomain], [label]),
      (
        long, ["must be no more than 253 characters"], ["must be no more than 63 characters"]
      ),
    ])
  func domainNames(value: String, asSubdomain: [String], asLabel: [String]) {
    #expect(NameFormats.dns1123Subdomain(value) == asSubdomain)
    #expect(NameFormats.dns1123Label(value) == asLabel)
  }

  @Test("Services need a letter first")
  func serviceNames() {
    #expect(NameFormats.dns1035Label("a1").isEmpty)
    #expect(
      NameFormats.dns1035Label("1a") == [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
          + " character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for"
          + " validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
      ])
  }

  @Test(
    "Qualified names",
    arguments: [
      ("a.b/c", []), ("MyName", []), ("a b", [name]), ("/a", ["prefix part must be non-empty"]),
      ("A/b", ["prefix part " + subdomain]), ("", ["name part must be non-empty", name]),
      ("a/", ["name part must be non-empty", name]),
      (
        "a/b/c",
        [
          "a valid label key " + name.dropFirst("name part ".count)
            + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
      ),
    ])
  func qualifiedNames(value: String, problems: [String]) {
    #expect(NameFormats.qualifiedName(value) == problems)
  }

  @Test("A generated name may end in a dash where it goes on")
  func prefixes() {
    #expect(NameRule.subdomain.problems("a-", isPrefix: true).isEmpty)
    #expect(NameRule.subdomain.problems("a-") == [Self.subdomain])
    #expect(NameRule.pathSegment.problems("a/b%") == ["may not contain '/'", "may not contain '%'"])
    #expect(NameRule.pathSegment.problems("..") == ["may not be '..'"])
  }

  @Test(
    "Keys of config maps",
    arguments: [
      ("a.b_C-1", []), (".", ["must not be '.'"]), ("..", ["must not be '..'"]),
      ("..a", ["must not start with '..'"]),
      (
        "a/b",
        [
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
            + "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        ]
      ),
    ])
  func configKeys(value: String, problems: [String]) {
    #expect(ValueFormats.configKey(value) == problems)
  }

  @Test("Names of variables are any printable ASCII but the equals sign")
  func variables() {
    #expect(ValueFormats.environmentVariableName("1 a-b:c").isEmpty)
    for name in ["a=b", "ä", "a\n"] {
      #expect(
        ValueFormats.environmentVariableName(name) == [
          "a valid environment variable name must consist only of printable ASCII characters other than '='"
        ])
    }
  }

  @Test("Names of ports")
  func ports() {
    #expect(ValueFormats.portName("http-2").isEmpty)
    #expect(
      ValueFormats.portName("-A--1234567890123") == [
        "must be no more than 15 characters",
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        "must contain at least one letter (a-z)", "must not contain consecutive hyphens",
        "must not begin or end with a hyphen",
      ])
    #expect(ValueFormats.portNumber(0) == "must be between 1 and 65535, inclusive")
    #expect(ValueFormats.portNumber(65_535) == nil)
  }

  @Test(
    "Addresses and their canonical text",
    arguments: [
      ("10.0.0.1", "10.0.0.1"), ("010.0.0.1", "10.0.0.1"), ("::1", "::1"), ("::", "::"), ("1::", "1::"),
      ("FE80:0:0:0:0:0:0:0abc", "fe80::abc"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("::ffff:1.2.3.4", "1.2.3.4"),
      ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
  func addresses(text: String, canonical: String) {
    #expect(NetworkAddress(text)?.text == canonical)
  }

  @Test(
    "What is no address",
    arguments: [
      "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "1:2", "1::2::3", "::g", ":::", "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8:9", "fe80::1%eth0", "+1.2.3.4", "::12345", "1:2:3:4:5:6:7:8::",
    ])
  func noAddresses(text: String) {
    #expect(NetworkAddress(text) == nil)
  }

  @Test("Subnets")
  func subnets() {
    #expect(NetworkSubnet("10.0.0.0/8")?.contains(NetworkAddress("10.1.2.3")!) == true)
    #expect(NetworkSubnet("10.0.0.0/8")?.contains(NetworkAddress("11.1.2.3")!) == false)
    for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/x", "10.0.0.0/-1", "/8"] {
      #expect(ValueFormats.subnet(text) == "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
    }
    #expect(ValueFormats.canonicalSubnet("10.0.0.1/8") == "must not have bits set beyond the prefix length")
    #expect(ValueFormats.canonicalAddress("FE80::1") == "must be in canonical form (\"fe80::1\")")
  }

  @Test(
    "Schedules",
    arguments: [
      ("*/5 * * * *", nil), ("@daily", nil), ("@every 1h30m", nil), ("0 0 1 jan sun", nil),
      ("1-5/2,7 ? * * 1", nil),
      ("nope", "expected exactly 5 fields, found 1: [nope]"),
      ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
      ("@never", "unrecognized descriptor: @never"),
      ("60 * * * *", "end of range (60) above maximum (59): 60"),
      ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
      ("5-2 * * * *", "beginning of range (5) beyond end of range (2): 5-2"),
      ("*/0 * * * *", "step of range should be a positive number: */0"),
      ("1-2-3 * * * *", "too many hyphens: 1-2-3"), ("1/2/3 * * * *", "too many slashes: 1/2/3"),
      ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
      (
        "@every 1x",
        "failed to parse duration @every 1x: time: unknown unit \"x\" in duration \"1x\""
      ),
    ] as [(String, String?)])
  func schedules(schedule: String, problem: String?) {
    #expect(CronSchedule.problem(schedule) == problem)
  }

  @Test("Lists of indexes")
  func indexes() throws {
    #expect(try IndexList.count("1,3-5,7", completions: 8).get() == 5)
    for (text, problem) in [
      (
        "1-2-3",
        "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts"
          + " separated by '-'"
      ),
      ("a", "cannot convert string to integer for index: \"a\""), ("8", "too large index: \"8\""),
      ("3,2", "non-increasing order, previous: 3, current: 2"),
    ] {
      guard case .failure(let error) = IndexList.count(text, completions: 8) else {
        Issue.record("\(text) was taken")
        continue
      }
      #expect(error.message == problem)
    }
  }
}
