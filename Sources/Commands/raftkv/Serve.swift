import Commands
import Logging
import MVCC

/// Runs a member until a signal asks it to stop: opens the data, serves, and closes in order.
func serve(_ configuration: ServeConfiguration, logger: Logger, signals: ShutdownSignals) throws {
  throw ConfigurationError(.value, "the member cannot be started yet")
}

/// Opens a data folder as a start would, replays its log, and closes it again after `body`.
func withRecoveredStore(
  dataDirectory: String, walDirectory: String?, _ body: (Store) throws -> Void
) throws {
  throw ConfigurationError(.value, "the data folder cannot be opened yet")
}
