import Exchange
import Objects

/// The events of a watch, read from its lines. One reader at a time.
final class WatchStream: @unchecked Sendable {
  // Safe: because only `next` touches the buffer, and it is called by one task at a time.

  /// The longest line, in bytes: an object with its event around it.
  static let lineBytes = 16 << 20

  enum Event: Sendable {
    case changed(type: String, object: JSON)
    /// All changes up to here have come; at the end of what there was at first, that too.
    case bookmark(resourceVersion: String, isInitialEventsEnd: Bool)
  }

  private let stream: any BodyStream
  private var buffer: [UInt8] = []
  private var searched = 0

  init(_ stream: any BodyStream) { self.stream = stream }

  /// The next event; nil at the end of the watch.
  /// - Throws: what an ERROR event says, or 503 if the stream breaks off.
  func next() async throws(StatusError) -> Event? {
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[..<end]
        defer {
          buffer.removeSubrange(...end)
          searched = 0
        }
        if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
        return try Self.event(Array(line))
      }
      searched = buffer.count
      guard buffer.count <= Self.lineBytes else {
        stream.cancel()
        throw .unavailable("an event of the watch is too large")
      }
      do {
        guard let part = try await stream.next() else { return nil }
        buffer += part
      } catch {
        throw .unavailable("the watch breaks off: \(error)")
      }
    }
  }

  func cancel() { stream.cancel() }

  private static func event(_ line: [UInt8]) throws(StatusError) -> Event {
    guard let json = try? JSON.parse(line), let type = json["type"]?.string, let object = json["object"]
    else {
      throw .unavailable("a line of the watch is no event")
    }
    switch type {
    case "ERROR": throw StatusError(status: object)
    case "BOOKMARK":
      return .bookmark(
        resourceVersion: object["metadata", "resourceVersion"]?.string ?? "",
        isInitialEventsEnd: object["metadata", "annotations"]?["k8s.io/initial-events-end"]?.string == "true")
    default: return .changed(type: type, object: object)
    }
  }
}
