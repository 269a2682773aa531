import Objects
import Testing
import YAMLObjects

@Suite struct YAMLTests {
  @Test(arguments: [
    ("a: 1\nb: [x, 'y', \"z\"]\n", #"{"a":1,"b":["x","y","z"]}"#),
    (
      "- 1.5\n- -0x1F\n- 0x1F\n- 0o17\n- .5\n- 1e3\n- 0644\n- 0899\n- +7\n- -0\n- 0",
      #"[1.5,-31,31,15,0.5,1000,420,899,7,0,0]"#
    ),
    (
      "a: yes\nb: 'yes'\nc: off\nd: ~\ne:\nf: \"\"",
      #"{"a":true,"b":"yes","c":false,"d":null,"e":null,"f":""}"#
    ),
    ("a: 2026-01-01T00:00:00Z\nb: 1:20\nc: 100m", #"{"a":"2026-01-01T00:00:00Z","b":"1:20","c":"100m"}"#),
    ("t: |\n  one\n  two\nf: >-\n  one\n  two\n", #"{"f":"one two","t":"one\ntwo\n"}"#),
    (#"{"apiVersion":"v1","data":{"k":"v"}}"#, #"{"apiVersion":"v1","data":{"k":"v"}}"#),
    ("a: &x [1]\nb: *x", #"{"a":[1],"b":[1]}"#), ("", "null"), ("# nothing\n", "null"),
    ("1: a\ntrue: b", #"{"1":"a","true":"b"}"#),
  ])
  func `documents are read as Kubernetes reads them`(text: String, json: String) throws {
    #expect(try YAML.json(Array(text.utf8)).text == json)
  }

  @Test(arguments: ["a: [", "a: b: c", "&x a\n--- *y", "b: *x", "? [a]\n: b", "a\u{1}"])
  func `what is no document is refused`(text: String) {
    #expect(throws: YAML.Failure.self) { try YAML.json(Array(text.utf8)) }
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: YAML.Failure.self) { try YAML.json([0x61, 0x3a, 0x20, 0xff]) }
  }

  @Test func `a few aliases of aliases do not become billions of values`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<30 {
      let before = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(before)]\n"
    }
    #expect {
      try YAML.json(Array(text.utf8))
    } throws: {
      ($0 as? YAML.Failure)?.description == "yaml: document contains excessive aliasing"
    }
  }

  @Test func `documents that are too deep are refused`() {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(throws: YAML.Failure.self) { try YAML.json(Array(deep.utf8)) }
  }

  @Test func `objects are written as Kubernetes' tools write them`() {
    let pod: JSON = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "labels": [:]],
      "spec": [
        "containers": [
          ["name": "c", "args": ["-c", "true", ""], "ports": []], ["name": "d", "tty": false],
        ],
        "nodeName": .null, "priority": 7,
      ],
    ]
    #expect(
      String(decoding: YAML.bytes(pod), as: UTF8.self) == """
        apiVersion: v1
        kind: Pod
        metadata:
          labels: {}
          name: p
        spec:
          containers:
          - args:
            - "-c"
            - "true"
            - ""
            name: c
            ports: []
          - name: d
            tty: false
          nodeName: null
          priority: 7

        """)
  }

  /// What is written reads as the same value again.
  @Test(arguments: [
    "", " ", "a", "yes", "null", "~", "1", "1.5", "0x1", "-", "- a", "a: b", "a:", "#", "a #b", "'", "\"",
    "\\", "a\nb",
    "a\nb\n", "a\n\n", "\na", " a\nb", "\ta", "a\tb\nc", "é", "\u{1}", "%a", "@a", "`", "{a}", "[a", "!t",
    "*a", "&a", "|",
    ">", "?", "=", "<<", ".5", "+1", "a ", "2026-01-01", "a\r\nb",
  ])
  func `texts survive`(text: String) throws {
    let value: JSON = ["k": .string(text), "list": [.string(text), ["n": .string(text)]]]
    #expect(try YAML.json(YAML.bytes(value)) == value)
  }

  @Test func `random values survive`() throws {
    var random = SystemRandomNumberGenerator()
    func make(_ depth: Int) -> JSON {
      switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &random) {
      case 0: return .null
      case 1: return .boolean(.random(using: &random))
      case 2: return .integer(.random(in: -1000...1000, using: &random))
      case 3: return .number(Double(Int.random(in: -99...99, using: &random)) + 0.5)
      case 4: return .string(["a", "b: c", "1", "", "x\ny", "- "].randomElement(using: &random) ?? "")
      case 5: return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in make(depth + 1) })
      default:
        return .object(
          JSONObject((0..<Int.random(in: 0..<4, using: &random)).map { ("k\($0)", make(depth + 1)) }))
      }
    }
    for _ in 0..<300 {
      let value: JSON = ["v": make(0)]
      #expect(try YAML.json(YAML.bytes(value)) == value, "\(value.text)")
    }
  }
}
