import Exchange
import Objects

/// Keeps an informer current: what there is comes through the watch itself if the server can do that, else through a
/// list before it; the watch is resumed where it ended, or begun anew if that is too long ago.
struct Reflector {
  /// Where the next watch begins.
  private enum Position: Equatable {
    /// With all there is.
    case start
    /// Behind this resource version.
    case after(String)
  }

  private let informer: Informer
  private var position = Position.start
  private var canStreamLists = true
  private var backoff = Backoff()

  init(_ informer: Informer) { self.informer = informer }

  mutating func run() async {
    while !Task.isCancelled {
      let began = informer.time.uptime
      var problem: StatusError?
      var hasNews = false
      do throws(StatusError) {
        hasNews = try await watch()
      } catch {
        problem = error
      }
      if let problem {
        if canStreamLists, position == .start, Self.refusesStreaming(problem) {
          canStreamLists = false
          continue
        }
        if problem.isExpired, position != .start {
          position = .start
          // At once, if that was not just tried.
          if informer.time.uptime - began > .seconds(1) { continue }
        }
      } else if hasNews || informer.time.uptime - began >= .seconds(1) {
        // Servers end watches after a time.
        continue
      }
      let wait = backoff.step(jitter: informer.jitter())
      do { try await informer.time.sleep(for: wait) } catch { return }
    }
  }

  /// Servers that cannot send what there is through a watch say that the request is invalid in some way.
  static func refusesStreaming(_ error: StatusError) -> Bool {
    [400, 404, 405, 406, 415, 422, 501].contains(error.code)
  }

  /// Watches until the watch ends.
  /// - Returns: whether it told anything.
  private mutating func watch() async throws(StatusError) -> Bool {
    if position == .start, !canStreamLists {
      let list = try await informer.client.list(
        informer.resource, namespace: informer.namespace, labelSelector: informer.labelSelector,
        fieldSelector: informer.fieldSelector)
      informer.replace(with: list.items)
      position = .after(list.resourceVersion)
      backoff.reset()
    }
    // Watches end after 5 to 10 minutes, not all at once.
    let timeout = 300 + Int(300 * informer.jitter())
    var version = ""
    if case .after(let known) = position { version = known }
    let watch = try await informer.client.watch(
      informer.resource, namespace: informer.namespace, labelSelector: informer.labelSelector,
      fieldSelector: informer.fieldSelector, resourceVersion: version, sendInitialEvents: position == .start,
      timeoutSeconds: timeout)
    defer { watch.cancel() }
    if position == .start {
      guard try await readInitialEvents(watch) else { return false }
      backoff.reset()
    }
    var hasNews = false
    while let events = try await watch.next() {
      informer.take(events)
      note(events)
      if !hasNews {
        hasNews = true
        backoff.reset()
      }
    }
    return hasNews
  }

  /// Reads what there is.
  /// - Returns: false if the watch ended before that.
  private mutating func readInitialEvents(_ watch: APIWatch) async throws(StatusError) -> Bool {
    var objects: [ObjectKey: JSON] = [:]
    while let events = try await watch.next() {
      for (place, event) in events.enumerated() {
        switch event.kind {
        case .added, .modified: objects[ObjectKey(event.object)] = event.object
        case .deleted: objects[ObjectKey(event.object)] = nil
        case .bookmark:
          guard event.isInitialEventsEnd else { continue }
          informer.replace(with: Array(objects.values))
          note([event])
          let rest = Array(events[(place + 1)...])
          informer.take(rest)
          note(rest)
          return true
        }
      }
    }
    return false
  }

  private mutating func note(_ events: [APIWatch.Event]) {
    guard let version = events.last?.object["metadata", "resourceVersion"]?.string else { return }
    position = .after(version)
  }
}
