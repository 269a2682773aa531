import Exchange
import Objects
import Registry
import Storage
import Synchronization

/// The lines of a watch.
final class WatchBody: BodyStream {
  private let watch: ObjectWatch
  private let frames: WatchFrames
  private let onEnd: @Sendable () -> Void
  private let onEvents: @Sendable (Int) -> Void
  private let state = Mutex<(hasSent: Bool, isOver: Bool)>((false, false))

  init(
    _ watch: ObjectWatch, frames: WatchFrames, onEvents: @escaping @Sendable (Int) -> Void,
    onEnd: @escaping @Sendable () -> Void
  ) {
    self.watch = watch
    self.frames = frames
    self.onEvents = onEvents
    self.onEnd = onEnd
  }

  deinit { end() }

  func next() async throws -> [UInt8]? {
    guard let events = await watch.next() else {
      end()
      return nil
    }
    onEvents(events.count)
    let hasSent = state.withLock { state in
      defer { state.hasSent = true }
      return state.hasSent
    }
    if events.count == 1 { return frames.frame(events[0], isFirst: !hasSent) }
    var bytes: [UInt8] = []
    for (index, event) in events.enumerated() {
      bytes += frames.frame(event, isFirst: !hasSent && index == 0)
    }
    return bytes
  }

  func cancel() {
    watch.cancel()
    end()
  }

  private func end() {
    let isFirst = state.withLock { state in
      defer { state.isOver = true }
      return !state.isOver
    }
    if isFirst { onEnd() }
  }
}

/// Makes the lines of a watch in one form. A line is made once for all watches of that form.
struct WatchFrames: Sendable {
  let resource: Resource
  let representation: Representation
  let include: IncludeObject
  let now: @Sendable () -> Timestamp

  func frame(_ event: WatchEvent, isFirst: Bool) -> [UInt8] {
    let type = event.kind.rawValue
    switch event.kind {
    case .error:
      return Self.line(type, (event.status ?? .internalError("the watch ends")).status.serialized())
    case .bookmark: return Self.line(type, bookmark(event).serialized())
    case .added, .modified, .deleted:
      guard let object = event.object else { return [] }
      if isFirst, representation.shape == .table {
        return Self.line(type, table(object.json, includesColumns: true).serialized())
      }
      let form = "\(type) \(representation.shape) \(include) \(resource.apiVersion)"
      do throws(StatusError) {
        return try object.encoded(form) { object throws(StatusError) in Self.line(type, bytes(object)) }
      } catch {
        return Self.line("ERROR", error.status.serialized())
      }
    }
  }

  private static func line(_ type: String, _ object: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(object.count + 40)
    bytes += Array("{\"type\":\"\(type)\",\"object\":".utf8)
    bytes += object
    bytes += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    return bytes
  }

  private func bytes(_ object: StoredObject) -> [UInt8] {
    switch representation.shape {
    case .object where StoredVersion.of(resource) == resource: object.bytes
    case .object: StoredVersion.served(object.json, as: resource).serialized()
    case .table: table(object.json, includesColumns: false).serialized()
    case .partial: PartialObjectMetadata.object(object.json).serialized()
    }
  }

  private func table(_ object: JSON, includesColumns: Bool) -> JSON {
    Tables.printer(group: resource.group, kind: resource.kind).table(
      of: StoredVersion.served(object, as: resource), include: include, includesColumns: includesColumns,
      now: now())
  }

  private func bookmark(_ event: WatchEvent) -> JSON {
    var metadata: JSON = ["resourceVersion": .string(String(event.revision))]
    if event.isInitialEventsEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
    switch representation.shape {
    case .object:
      return [
        "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
      ]
    case .partial:
      return ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata]
    case .table:
      let object: JSON = [
        "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
      ]
      return [
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "metadata": ["resourceVersion": .string(String(event.revision))], "columnDefinitions": .null,
        "rows": [["cells": [], "object": include == .none ? .null : object]],
      ]
    }
  }
}
