import ArgumentParser
import Commands
import Foundation
import Logging
import StoreServer

/// `raftkv serve`. Its arguments are not declared here: one table of etcd's flags reads them, the environment
/// and the configuration file alike.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Start one member of the store; serve --help lists the flags.")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    let invocation: ServeInvocation
    do throws(ConfigurationError) {
      invocation = try ServeInvocation.parse(
        arguments: arguments, environment: ProcessInfo.processInfo.environment, readFile: TextFile.read)
    } catch {
      throw report(error, hint: error.kind == .usage ? "run raftkv serve --help for the flags" : nil)
    }
    switch invocation {
    case .help: print(ServeHelp.text, terminator: "")
    case .version: print(Version.text)
    case .serve(let configuration, let notices): try start(configuration, notices)
    }
  }

  private func start(_ configuration: ServeConfiguration, _ notices: [Notice]) throws {
    // Before any thread exists, so that every thread inherits the mask.
    let signals = ShutdownSignals.install()
    let logger: Logger
    do throws(ConfigurationError) {
      logger = try ServerLogHandler.makeLogger(configuration.log)
    } catch {
      throw report(error)
    }
    for notice in notices {
      logger.log(level: notice.level == .warning ? .warning : .info, "\(notice.message)")
    }
    do {
      guard let server = try StoreServer.start(configuration, logger: logger, signals: signals) else {
        return
      }
      let signal = signals.wait()
      signals.forceExitOnNext()
      logger.info("stopping", metadata: ["signal": "\(ShutdownSignals.name(signal))"])
      server.stop()
    } catch {
      logger.critical("the member stops", error: error)
      throw ExitCode(1)
    }
  }
}
