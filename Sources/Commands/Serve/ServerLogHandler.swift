public import Logging

/// Logs as etcd does: one JSON object a line with `level`, `ts`, `caller`, `msg` and then the metadata, or the
/// same in columns.
public struct ServerLogHandler: LogHandler {
  /// The least severe level that is written.
  public var logLevel: Logger.Level
  /// Goes with every line.
  public var metadata: Logger.Metadata = [:]
  /// Adds metadata of the moment.
  public var metadataProvider: Logger.MetadataProvider?

  private let format: LogConfiguration.Format
  private let sink: LogSink
  private let now: @Sendable () -> Timestamp

  /// Creates a handler that writes to a sink.
  public init(_ configuration: LogConfiguration, sink: LogSink) {
    self.init(configuration, sink: sink, now: Timestamp.now)
  }

  init(_ configuration: LogConfiguration, sink: LogSink, now: @escaping @Sendable () -> Timestamp) {
    logLevel = Self.level(configuration.level)
    format = configuration.format
    self.sink = sink
    self.now = now
  }

  /// The logger that a command uses, with its outputs opened.
  public static func makeLogger(_ configuration: LogConfiguration) throws(ConfigurationError) -> Logger {
    let handler = ServerLogHandler(configuration, sink: try LogSink(configuration.outputs))
    return Logger(label: "raftkv") { _ in handler }
  }

  /// One value of the metadata.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  public func log(event: LogEvent) {
    var fields = metadata
    if let metadataProvider { fields.merge(metadataProvider.get()) { $1 } }
    if let given = event.metadata { fields.merge(given) { $1 } }
    if let error = event.error { fields["error"] = .string("\(error)") }
    let caller = Self.caller(event.file, event.line)
    switch format {
    case .json:
      sink.write(
        line:
          "{\"level\":\"\(Self.name(event.level))\",\"ts\":\"\(now().text)\",\"caller\":\(JSONText.quoted(caller))"
          + ",\"msg\":\(JSONText.quoted(event.message.description))\(Self.members(fields, leading: ","))}")
    case .console:
      let tail = fields.isEmpty ? "" : "\t{\(Self.members(fields, leading: ""))}"
      sink.write(
        line: "\(now().text)\t\(Self.name(event.level).uppercased())\t\(caller)"
          + "\t\(Self.singleLine(event.message.description))\(tail)")
    }
  }

  static func level(_ level: LogConfiguration.Level) -> Logger.Level {
    switch level {
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    case .panic, .fatal: .critical
    }
  }

  /// The name that etcd's logs use.
  static func name(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warn"
    case .error: "error"
    case .critical: "fatal"
    }
  }

  /// The file's folder and name, and the line: `Serve/Serve.swift:12`.
  private static func caller(_ file: String, _ line: UInt) -> String {
    file.split(separator: "/").suffix(2).joined(separator: "/") + ":\(line)"
  }

  /// Fields in the order of their names, so that equal events make equal lines.
  private static func members(_ fields: Logger.Metadata, leading: String) -> String {
    guard !fields.isEmpty else { return "" }
    return leading
      + fields.sorted { $0.key < $1.key }
      .map { "\(JSONText.quoted($0.key)):\(json($0.value))" }.joined(separator: ",")
  }

  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): JSONText.quoted(text)
    case .stringConvertible(let value):
      value is any FixedWidthInteger || value is Bool ? "\(value)" : JSONText.quoted("\(value)")
    case .array(let values): "[\(values.map(json).joined(separator: ","))]"
    case .dictionary(let fields): "{\(members(fields, leading: ""))}"
    }
  }

  /// A console line stays one line whatever a client put into the message.
  private static func singleLine(_ text: String) -> String {
    text.unicodeScalars.contains { $0.value < 0x20 } ? JSONText.quoted(text) : text
  }
}
