import Testing

@testable import Objects

@Suite struct CustomColumnsTests {
  private static let object: JSON = [
    "metadata": [
      "name": "a", "creationTimestamp": "2026-01-01T00:00:00Z",
      "labels": ["app.kubernetes.io/name": "web"],
    ],
    "spec": [
      "n": 2, "ratio": .number(2.75), "on": true, "nothing": .null, "hosts": ["x", "y", "z"],
      "map": ["k": "v"],
    ],
    "status": [
      "conditions": [
        ["type": "Synced", "status": "False", "weight": 3], ["type": "Ready", "status": "True", "weight": 7],
      ]
    ],
  ]

  @Test(
    arguments: [
      (".spec.n", 2), ("{.spec.n}", 2), ("$.spec.n", 2), (".spec['n']", 2), (".spec.map.k", "v"),
      (".metadata.labels.app\\.kubernetes\\.io/name", "web"),
      (".metadata.labels['app.kubernetes.io/name']", "web"),
      (".metadata.labels[\"app.kubernetes.io/name\"]", "web"),
      (".spec.hosts[0]", "x"), (".spec.hosts[-1]", "z"), (".spec.hosts[1:3]", "y"), (".spec.hosts[*]", "x"),
      (".spec.map.*", "v"), (".spec.hosts", ["x", "y", "z"]),
      (".status.conditions[?(@.type==\"Ready\")].status", "True"),
      (".status.conditions[?(@.type=='Ready')].status", "True"),
      (".status.conditions[?(@.type == 'Ready')].status", "True"),
      (".status.conditions[?(@.type!=\"Ready\")].status", "False"),
      (".status.conditions[?(@.weight>3)].type", "Ready"),
      (".status.conditions[?(@.weight<=3)].type", "Synced"),
      (".status.conditions[?(@.weight>=3.5)].type", "Ready"),
      (".status.conditions[?(@.weight)].type", "Synced"),
    ] as [(String, JSON)])
  func pathsLeadToValues(_ path: String, _ value: JSON) throws {
    #expect(try #require(ColumnPath(path)).first(in: Self.object) == value)
  }

  @Test(arguments: [
    ".spec.x", ".spec.n.x", ".spec.hosts[3]", ".spec.hosts[-4]", ".spec.hosts[2:1]", ".spec.hosts.x",
    ".spec[0]",
    ".status.conditions[?(@.type==\"Other\")].status", ".status.conditions[?(@.x)].type",
    ".spec.hosts[-9223372036854775808]", ".spec.hosts[9223372036854775807]",
  ])
  func pathsLeadNowhere(_ path: String) throws {
    #expect(try #require(ColumnPath(path)).first(in: Self.object) == nil)
  }

  @Test(arguments: [
    "spec.n", ".spec[", ".spec[]", ".spec.", "..n", "{.spec.n", ".spec[a]", ".a[?(@.b==)]", ".a[?(b)]",
    ".a\\",
    String(repeating: ".a[?(@", count: 9) + String(repeating: ")]", count: 9),
  ])
  func pathsThatCannotBeRead(_ path: String) { #expect(ColumnPath(path) == nil) }

  private func column(_ type: JSON, _ path: JSON) -> JSON { ["name": "X", "type": type, "jsonPath": path] }

  @Test(
    arguments: [
      ("integer", ".spec.n", 2), ("integer", ".spec.ratio", 2), ("integer", ".spec.on", .null),
      ("number", ".spec.n", .number(2)), ("number", ".spec.ratio", .number(2.75)),
      ("boolean", ".spec.on", true), ("boolean", ".spec.n", .null),
      ("string", ".spec.map.k", "v"), ("string", ".spec.n", "2"), ("string", ".spec.ratio", "2.75"),
      ("string", ".spec.on", "true"), ("string", ".spec.hosts", "[\"x\",\"y\",\"z\"]"),
      ("string", ".spec.map", "{\"k\":\"v\"}"), ("string", ".spec.x", .null),
      ("string", ".spec.nothing", "<no value>"),
      ("date", ".metadata.creationTimestamp", "3m"), ("date", ".spec.map.k", "<invalid>"),
      ("date", ".spec.n", .null),
      ("date", ".spec.x", .null), ("integer", "spec.n", .null),
    ] as [(String, String, JSON)])
  func cells(_ type: String, _ path: String, _ cell: JSON) throws {
    let now = try #require(Timestamp("2026-01-01T00:03:00Z"))
    let printer = TablePrinter(customColumns: [column(.string(type), .string(path))])
    #expect(printer.cells(of: Self.object, now: now) == ["a", cell])
  }

  @Test func columnsComeFromTheDefinitions() {
    let printer = TablePrinter(customColumns: [
      ["name": "N", "type": "integer", "jsonPath": ".spec.n"],
      [
        "name": "M", "type": "string", "format": "byte", "jsonPath": ".spec.m", "priority": 1,
        "description": "An m.",
      ],
    ])
    #expect(printer.columns.map(\.name) == ["Name", "N", "M"])
    #expect(printer.columns.map(\.type) == ["string", "integer", "string"])
    #expect(printer.columns.map(\.format) == ["name", "", "byte"])
    #expect(printer.columns.map(\.priority) == [0, 0, 1])
    #expect(printer.columns[2].description == "An m.")
  }

  @Test func withoutDefinitionsThereIsTheAge() throws {
    let printer = TablePrinter(customColumns: [])
    #expect(printer.columns.map { "\($0.name):\($0.type)" } == ["Name:string", "Age:date"])
    let now = try #require(Timestamp("2026-01-01T00:03:00Z"))
    #expect(printer.cells(of: Self.object, now: now) == ["a", "3m"])
  }
}
