import Dispatch
import Foundation

/// Runs programs of the system.
public protocol CommandRunner: Sendable {
  /// Runs a program to its end.
  /// - Parameters:
  ///   - command: the program's name, looked up on the path, and its arguments.
  ///   - input: what it reads.
  /// - Returns: its exit code (127 if it cannot be started), and what it has written to both outputs.
  func run(_ command: [String], input: String) async -> (status: Int32, output: String)
}

/// The programs of this machine.
public struct SystemCommands: CommandRunner {
  /// Where packet filters' programs are, whatever the path says.
  private static let folders = [
    "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin",
  ]
  /// The exit code of a program that is not there.
  static let notFound: Int32 = 127
  private static let queue = DispatchQueue(label: "commands", attributes: .concurrent)

  /// Of this machine.
  public init() {}

  /// Runs a program to its end.
  public func run(_ command: [String], input: String) async -> (status: Int32, output: String) {
    await withCheckedContinuation { continuation in
      Self.queue.async { continuation.resume(returning: Self.run(command, input)) }
    }
  }

  private static func run(_ command: [String], _ input: String) -> (status: Int32, output: String) {
    guard let name = command.first else { return (notFound, "no program is named") }
    guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
      return (notFound, "there is no program \(name)")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(folder)/\(name)")
    process.arguments = Array(command.dropFirst())
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardOutput
    do { try process.run() } catch { return (notFound, "\(error)") }
    // Written beside the reading: a program may answer before it has read all.
    queue.async {
      try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try? standardInput.fileHandleForWriting.close()
    }
    let output = (try? standardOutput.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
