/// Events, of the core group and of `events.k8s.io`, which name the same fields differently.
extension Tables {
  static let event = TablePrinter([
    .text("Last Seen", "Time since it happened last.") { event in
      if event.has("series") { return event.elapsed(since: "series", "lastObservedTime") }
      let last = event.time("lastTimestamp") ?? event.time("deprecatedLastTimestamp")
      return event.elapsed(since: last ?? firstTime(of: event))
    },
    .text("Type", "Normal, or Warning for what someone should look at.") { $0.text("type") },
    .text("Reason", "What happened, in one word.") { $0.text("reason") },
    .text("Object", "The object that it happened to.") { event in
      let object = involvedObject(of: event)
      let kind = object.text("kind").lowercased()
      let name = object.text("name")
      return name.isEmpty ? kind : "\(kind)/\(name)"
    },
    .text("Subobject", "The part of the object that it happened to.", priority: 1) {
      involvedObject(of: $0).text("fieldPath")
    },
    .text("Source", "Who tells of it.", priority: 1) { event in
      let component = event.text("source", "component", empty: event.text("deprecatedSource", "component"))
      let host = event.text("source", "host", empty: event.text("deprecatedSource", "host"))
      let reporter = event.text("reportingComponent", empty: event.text("reportingController"))
      let instance = host.isEmpty ? event.text("reportingInstance") : host
      let source = component.isEmpty ? reporter : component
      return instance.isEmpty ? source : "\(source), \(instance)"
    },
    .text("Message", "What happened, in words.") { event in
      let message = event.text("message", empty: event.text("note"))
      let start = message.drop { $0.isWhitespace }
      let end = start.lastIndex { !$0.isWhitespace }
      return end.map { String(start[...$0]) } ?? ""
    },
    .text("First Seen", "Time since it happened first.", priority: 1) {
      $0.elapsed(since: firstTime(of: $0))
    },
    .integer("Count", "How often it happened.", type: "string", priority: 1) { event in
      if event.has("series") { return event.integer("series", "count") }
      let count = event.value("count")?.integer ?? event.integer("deprecatedCount")
      return count == 0 ? 1 : count
    },
    TableField(
      column: TableColumn("Name", format: "name", description: "Name of the event.", priority: 1)
    ) { .string($0.text("metadata", "name")) },
  ])

  private static func involvedObject(of event: ObjectReader) -> ObjectReader {
    ObjectReader(
      json: event.value("involvedObject") ?? event.value("regarding") ?? [:], now: event.now)
  }

  private static func firstTime(of event: ObjectReader) -> Timestamp? {
    event.time("firstTimestamp") ?? event.time("deprecatedFirstTimestamp") ?? event.time("eventTime")
  }
}
