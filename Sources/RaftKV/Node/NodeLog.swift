import Logging

/// What a node's stages tell the operator.
struct NodeLog: Sendable {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func info(_ message: String, _ metadata: Logger.Metadata = [:]) {
    logger.info("\(message)", metadata: metadata)
  }

  func notice(_ message: String, _ metadata: Logger.Metadata = [:]) {
    logger.notice("\(message)", metadata: metadata)
  }

  func error(_ message: String, _ cause: String) {
    logger.error("\(message)", metadata: ["error": "\(cause)"])
  }
}
