import Logging

/// What a node's stages tell the operator.
struct NodeLog: Sendable {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func info(_ message: String, _ facts: KeyValuePairs<String, String> = [:]) {
    logger.info("\(message)", metadata: Self.metadata(facts))
  }

  func notice(_ message: String, _ facts: KeyValuePairs<String, String> = [:]) {
    logger.notice("\(message)", metadata: Self.metadata(facts))
  }

  func error(_ message: String, _ cause: String) {
    logger.error("\(message)", metadata: ["error": "\(cause)"])
  }

  private static func metadata(_ facts: KeyValuePairs<String, String>) -> Logger.Metadata {
    Logger.Metadata(facts.map { ($0.key, .string($0.value)) }) { $1 }
  }
}
