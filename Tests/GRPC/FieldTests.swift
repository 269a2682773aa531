import NIOCore
import Testing

@testable import GRPC

/// What travels in header fields: timeouts, status messages, paths.
@Suite struct FieldTests {
  private func parse(_ text: String) -> TimeAmount? {
    Array(text.utf8).withUnsafeBufferPointer { Timeout.parse($0) }
  }

  @Test(arguments: [
    ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000), ("4m", 4_000_000),
    ("5u", 5_000),
    ("6n", 6), ("0n", 0), ("99999999S", 99_999_999_000_000_000), ("99999999H", Int64.max),
  ])
  func parsesTimeouts(text: String, nanoseconds: Int64) {
    #expect(parse(text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: ["", "S", "1", "1s", "-1S", "+1S", "1.5S", " 1S", "123456789S", "1SS", "１S"])
  func refusesMalformedTimeouts(text: String) {
    #expect(parse(text) == nil)
  }

  @Test func formatsWhatItParses() {
    for amount: Int64 in [
      0, 1, 99_999_999, 100_000_000, 100_000_001, 5_000_000_000, 3_600_000_000_000, Int64.max / 2,
    ] {
      let text = Timeout.format(.nanoseconds(amount))
      let parsed = parse(text)?.nanoseconds ?? -1
      #expect(parsed >= amount, "\(text)")
      #expect(Double(parsed - amount) <= 0.01 * Double(amount) + 1, "\(text)")
    }
    #expect(Timeout.format(.seconds(5)) == "5000000u")
    #expect(parse(Timeout.format(.nanoseconds(.max))) != nil)
  }

  @Test func farDeadlinesDoNotOverflow() {
    let now = NIODeadline.now()
    #expect(Timeout.deadline(after: .nanoseconds(.max), from: now) == .distantFuture)
    #expect(Timeout.deadline(after: .seconds(1), from: now) == now + .seconds(1))
    #expect(Timeout.deadline(after: .zero, from: now) == now)
  }

  @Test(arguments: [
    ("plain text", "plain text"), ("100%", "100%25"), ("a\nb", "a%0Ab"), ("żółw", "%C5%BC%C3%B3%C5%82w"),
    ("", ""),
    ("~ ", "~ "), ("\u{7F}", "%7F"),
  ])
  func encodesStatusMessages(text: String, encoded: String) {
    #expect(StatusMessage.encode(text) == encoded)
    #expect(Array(encoded.utf8).withUnsafeBufferPointer { StatusMessage.decode($0) } == text)
  }

  @Test(arguments: [
    ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%41%4", "A%4"), ("%FF", "\u{FFFD}"), ("%c3%a9", "é"),
  ])
  func decodesAnything(encoded: String, text: String) {
    #expect(Array(encoded.utf8).withUnsafeBufferPointer { StatusMessage.decode($0) } == text)
  }

  @Test func routesByPath() {
    var router = Router()
    let paths = (0..<100).map { "/package.Service\($0 % 10)/Method\($0)" }
    for path in paths { router.add(path, .stream { _ in }) }
    router.add(paths[3], .unary { _, _ in })
    for path in paths {
      let found = Array(path.utf8).withUnsafeBufferPointer { router.method($0) }
      #expect(found?.path == path)
      let missing = Array((path + "x").utf8).withUnsafeBufferPointer { router.method($0) }
      #expect(missing == nil)
    }
    let replaced = Array(paths[3].utf8).withUnsafeBufferPointer { router.method($0) }
    guard case .unary = replaced?.handler else {
      Issue.record("the later handler is kept")
      return
    }
    #expect(
      router.unimplemented("/package.Service3/No").message == "unknown method No for service package.Service3"
    )
    #expect(router.unimplemented("/no/No").message == "unknown service no")
    #expect(router.unimplemented("no").message == "malformed method name: \"no\"")
  }

  @Test func metadataComparesByContent() {
    var left = Metadata()
    var right = Metadata()
    #expect(left == right)
    left.add("a", "1")
    #expect(left != right)
    right.add("a", "1")
    #expect(left == right && left.hashValue == right.hashValue)
    #expect(left["a"] == "1" && left["b"] == nil)
  }
}
