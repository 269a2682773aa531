public import Exchange
public import Objects
import Synchronization

/// The events of a watch as they come, in batches. One reader at a time.
public final class APIWatch: Sendable {
  /// What has happened to an object.
  public struct Event: Sendable, Hashable {
    /// What a watch can tell.
    public enum Kind: String, Sendable, Hashable {
      case added = "ADDED"
      case modified = "MODIFIED"
      case deleted = "DELETED"
      /// Nothing happened up to the resource version of the object, which has nothing else.
      case bookmark = "BOOKMARK"
    }

    /// What has happened.
    public var kind: Kind
    /// The object after it, or before it is deleted.
    public var object: JSON

    /// Whether this bookmark ends what there was when the watch began.
    public var isInitialEventsEnd: Bool {
      kind == .bookmark
        && object["metadata", "annotations", "k8s.io/initial-events-end"]?.string == "true"
    }
  }

  private let stream: (any BodyStream)?
  private let parts: Mutex<[[UInt8]]>
  private let splitter = Mutex(LineSplitter(limit: ClientLimits.watchLineBytes))

  init(_ body: APIResponse.Body) {
    switch body {
    case .stream(let stream):
      self.stream = stream
      parts = Mutex([])
    case .parts(let parts):
      stream = nil
      self.parts = Mutex(parts)
    case .upgrade:
      stream = nil
      parts = Mutex([])
    }
  }

  /// The events that follow; nil at the end. Waits until there are some, or the task is cancelled.
  /// - Throws: what the server reports as an error, such as 410 if the resource version is too old.
  public func next() async throws(StatusError) -> [Event]? {
    while let chunk = try await chunk() {
      let lines: [[UInt8]]
      do {
        lines = try splitter.withLock { splitter throws(LineSplitter.LineTooLong) in
          try splitter.lines(chunk)
        }
      } catch {
        cancel()
        throw .unavailable("an event of a watch has more than \(error.limit) bytes")
      }
      guard !lines.isEmpty else { continue }
      var events: [Event] = []
      events.reserveCapacity(lines.count)
      for line in lines {
        do throws(StatusError) {
          if let event = try Self.event(line) { events.append(event) }
        } catch {
          cancel()
          // What came before the error counts: it would not come again.
          guard !events.isEmpty else { throw error }
          pending.withLock { $0 = error }
          return events
        }
      }
      if !events.isEmpty { return events }
    }
    return nil
  }

  /// An error behind the events that were returned last.
  private let pending = Mutex<StatusError?>(nil)

  private func chunk() async throws(StatusError) -> [UInt8]? {
    if let error = pending.withLock({ $0.take() }) { throw error }
    guard let stream else { return parts.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    do {
      return try await withTaskCancellationHandler {
        try await stream.next()
      } onCancel: {
        stream.cancel()
      }
    } catch let error as StatusError {
      throw error
    } catch {
      throw .unavailable("a watch broke: \(error)")
    }
  }

  /// Ends the watch; a reader that waits gets the end.
  public func cancel() { stream?.cancel() }

  /// The event of a line; nil for one of a kind that is not known.
  private static func event(_ line: [UInt8]) throws(StatusError) -> Event? {
    let json: JSON
    do {
      json = try JSON.parse(line)
    } catch {
      throw .unavailable("an event of a watch is no JSON: \(error)")
    }
    guard let type = json["type"]?.string, let object = json["object"] else {
      throw .unavailable("an event of a watch has no type or no object")
    }
    if type == "ERROR" { throw StatusError(status: object) }
    return Event.Kind(rawValue: type).map { Event(kind: $0, object: object) }
  }
}
