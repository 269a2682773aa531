import Glibc
import Testing

@testable import Objects

/// Whatever recurses through a value as deep as parsing allows must do so on a thread with a small stack. If it cannot,
/// the test process dies.
@Suite struct SmallStackTests {
  private static let stackSize = 512 * 1024

  @Test func theDeepestValueFitsAStackOf512KiB() throws {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    try #require(pthread_attr_setstacksize(&attributes, Self.stackSize) == 0)
    let outcome = Outcome()
    var thread = pthread_t()
    let context = Unmanaged.passUnretained(outcome).toOpaque()
    try #require(
      pthread_create(
        &thread, &attributes,
        { context in
          // Safe: the test holds the outcome until the thread has ended.
          if let context { Unmanaged<Outcome>.fromOpaque(context).takeUnretainedValue().run() }
          return nil
        }, context) == 0)
    pthread_join(thread, nil)
    withExtendedLifetime(outcome) { #expect($0.isDone) }
  }

  private final class Outcome {
    var isDone = false

    func run() {
      let depth = JSON.maximumDepth / 2
      let objects = String(repeating: #"{"properties":{"a":"#, count: depth - 1) + "{}"
      let lists = String(repeating: "[", count: 2 * depth) + String(repeating: "]", count: 2 * depth)
      for text in [objects + String(repeating: "}}", count: depth - 1), lists] {
        guard let value = try? JSON.parse(text), let other = try? JSON.parse(text) else { return }
        guard value == other, value.hashValue == other.hashValue, value.text == text else { return }
        guard let shape = Schema.builtIn.shape(of: "apiextensions/v1.JSONSchemaProps") else { return }
        _ = try? ObjectDecoder().decode(value, as: shape)
        let refused = "[" + lists + "]"
        guard (try? JSON.parse(refused)) == nil else { return }
      }
      isDone = true
    }
  }
}
