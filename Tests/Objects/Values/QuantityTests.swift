import Testing

@testable import Objects

@Suite struct QuantityTests {
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("+", "0"), ("000", "0"), (".", "0"), ("0Ki", "0"), ("0.0e5", "0"), ("1", "1"),
    ("+1", "1"),
    ("-1", "-1"), ("007", "7"), ("1000", "1k"), ("1500", "1500"), ("0.5", "500m"), (".5", "500m"),
    ("1.", "1"),
    ("100m", "100m"), ("1000m", "1"), ("1500m", "1500m"), ("2u", "2u"), ("3n", "3n"), ("0.1n", "1n"),
    ("-0.1n", "-1n"),
    ("1.0000000001", "1000000001n"), ("12k", "12k"), ("1000M", "1G"), ("1E", "1E"), ("1.5E", "1500P"),
    ("1Ki", "1Ki"), ("1024Mi", "1Gi"), ("1Mi", "1Mi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"),
    ("0.5Mi", "512Ki"),
    ("1025Ki", "1025Ki"), ("1000Ki", "1000Ki"), ("-1Gi", "-1Gi"), (".001Ki", "1024m"), (".000001Ki", "1024u"),
    (".000000001Ki", "1024n"), (".000000000001Ki", "2n"), ("7Ei", "7Ei"), ("1e3", "1e3"), ("1E3", "1e3"),
    ("100e3", "100e3"),
    ("1e5", "100e3"), ("12e-3", "12e-3"), ("1e0", "1"), ("0.5e1", "5"),
    ("9223372036854775807", "9223372036854775807"),
    ("9223372036854775808", "9223372036854775807"), ("1e99", "9223372036854775807"),
    ("-8Ei", "-9223372036854775807"),
    ("99999999999999999999Ei", "9223372036854775807"), ("1e-99", "1e-9"),
    ("1e2000000000", "9223372036854775807"),
    ("1e-2000000000", "1e-9"),
  ])
  func canonical(text: String, canonical: String) throws {
    let quantity = try Quantity(parsing: text)
    #expect(quantity.canonical == canonical)
    // What is canonical stays.
    #expect(try Quantity(parsing: canonical).canonical == canonical)
    #expect(Quantity(canonical) == quantity)
  }

  @Test(arguments: [
    ("", Quantity.ParseError.format), ("abc", .format), ("1 ", .format), (" 1", .format), ("1.2.3", .format),
    ("--1", .suffix),
    ("1m1m", .format), ("é", .format), ("1e1.5", .format), ("1Zi", .format), ("1x", .format),
    ("1ki", .suffix),
    ("1KiB", .format), ("1mm", .suffix), ("1e", .suffix), ("1K", .suffix), ("1e99999999999", .suffix),
    ("1m5", .suffix), ("1-5", .suffix),
  ])
  func errors(text: String, error: Quantity.ParseError) {
    #expect(throws: error) { try Quantity(parsing: text) }
    #expect(Quantity(text) == nil)
  }

  @Test func aLongTextIsNoTrouble() {
    let digits = String(repeating: "9", count: 100_000)
    #expect(Quantity(digits)?.canonical == "9223372036854775807")
    #expect(Quantity("0." + digits)?.canonical == "1")
    #expect(Quantity("0." + digits + "Ki")?.canonical == "1Ki")
    #expect(Quantity("0." + String(repeating: "0", count: 100_000) + "1Ei")?.canonical == "1n")
  }

  @Test func jsonValues() {
    #expect(Quantity(JSON.integer(2048))?.canonical == "2048")
    #expect(Quantity(JSON.number(0.25))?.canonical == "250m")
    #expect(Quantity(JSON.string(" 1Gi\n"))?.canonical == "1Gi")
    for value in [.null, true, [], [:], ""] as [JSON] { #expect(Quantity(value) == nil) }
  }

  @Test func values() {
    #expect(Quantity("1500m")?.value == 2)
    #expect(Quantity("-1500m")?.value == -2)
    #expect(Quantity("1500m")?.milliValue == 1500)
    #expect(Quantity("1u")?.milliValue == 1)
    #expect(Quantity("8E")?.milliValue == .max)
    #expect(Quantity("0.1m")?.roundedUpToMilli().canonical == "1m")
    #expect(Quantity("-1")?.isNegative == true)
    #expect(Quantity("0n")?.isZero == true)
    #expect(Quantity("1n")?.isZero == false)
    #expect(Quantity(3, format: .binarySI).canonical == "3")
    #expect(Quantity(milliValue: 250).canonical == "250m")
  }

  @Test func arithmetic() throws {
    let binary = try Quantity(parsing: "1Gi")
    let decimal = try Quantity(parsing: "100m")
    #expect((binary + binary).canonical == "2Gi")
    #expect((binary - binary + decimal).canonical == "100m")
    #expect((decimal - decimal - decimal).canonical == "-100m")
    #expect((binary + decimal).canonical == "1073741824100m")
    let most = Quantity(.max)
    #expect(most + most == most)
    #expect(decimal < binary)
    #expect(Quantity("1000m") == Quantity("1"))
    #expect(Set([Quantity("1Ki"), Quantity("1024")]).count == 1)
  }
}
