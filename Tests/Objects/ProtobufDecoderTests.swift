import Objects
import Testing

@Suite struct ProtobufDecoderTests {
  /// A field with a length: its tag, the length, the bytes, of which there are few here.
  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(UInt64(number << 3 | 2)) + [UInt8(bytes.count)] + bytes
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7f) | 0x80] + varint(number >> 7)
  }

  private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  private static func object(_ apiVersion: String, _ kind: String, _ raw: [UInt8]) -> [UInt8] {
    ProtobufDecoder.magic + field(1, field(1, apiVersion) + field(2, kind)) + field(2, raw)
  }

  @Test(arguments: [
    (
      "a map",
      object(
        "v1", "ConfigMap", field(1, field(1, "a") + field(3, "n")) + field(2, field(1, "k") + field(2, "v"))),
      #"{"apiVersion":"v1","data":{"k":"v"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"n"}}"#
    ),
    (
      "bytes", object("v1", "Secret", field(2, field(1, "k") + field(2, [0xff, 0x00]))),
      #"{"apiVersion":"v1","data":{"k":"/wA="},"kind":"Secret"}"#
    ),
    (
      "a source within a volume",
      object("v1", "Pod", field(2, field(1, field(1, "v") + field(2, field(19, field(1, field(1, "cm"))))))),
      #"{"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"configMap":{"name":"cm"},"name":"v"}]}}"#
    ),
    (
      "a number or a text",
      object("v1", "Service", field(2, field(1, [0x18, 80] + field(4, [0x08, 1] + field(3, "web"))))),
      #"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"targetPort":"web"}]}}"#
    ),
    (
      "a time", object("v1", "Namespace", field(1, field(8, [0x08] + varint(1_767_225_600)))),
      #"{"apiVersion":"v1","kind":"Namespace","metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"}}"#
    ),
    (
      "options", object("v1", "DeleteOptions", [0x08, 5] + field(4, "Orphan")),
      #"{"apiVersion":"v1","gracePeriodSeconds":5,"kind":"DeleteOptions","propagationPolicy":"Orphan"}"#
    ),
  ])
  func `messages are read as the JSON they stand for`(name: String, bytes: [UInt8], expected: String) throws {
    #expect(try ProtobufDecoder().decode(bytes).text == expected, "\(name)")
  }

  @Test(arguments: [
    ("no magic", Array("{}".utf8)), ("nothing", []), ("magic alone", ProtobufDecoder.magic),
    ("an unknown kind", object("v9", "Nope", [])), ("cut short", object("v1", "ConfigMap", [0x12, 0x7f])),
    ("an endless number", object("v1", "ConfigMap", [UInt8](repeating: 0xff, count: 20))),
    ("a wrong wire type", object("v1", "ConfigMap", [0x08, 1])),
    ("a group", object("v1", "ConfigMap", [0x0b])),
  ])
  func `other bytes are refused`(name: String, bytes: [UInt8]) {
    #expect(throws: ProtobufDecoder.Failure.self, "\(name)") { try ProtobufDecoder().decode(bytes) }
  }

  @Test func `no bytes crash it`() {
    let whole = Self.object("v1", "Pod", Self.field(2, Self.field(2, Self.field(1, "c"))))
    for position in whole.indices {
      for value in [0x00, 0x01, 0x7f, 0x80, 0xff] as [UInt8] {
        var changed = whole
        changed[position] = value
        _ = try? ProtobufDecoder().decode(changed)
      }
      _ = try? ProtobufDecoder().decode(Array(whole[..<position]))
    }
  }
}
