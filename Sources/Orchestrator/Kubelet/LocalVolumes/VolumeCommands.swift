import Dispatch
import Foundation

/// Runs programs of the node for volumes.
public protocol VolumeCommands: Sendable {
  /// Runs a program to its end, or kills it when its time is up.
  /// - Parameter command: the program's name and its arguments.
  /// - Returns: its exit code (127 if it cannot be started, 124 if it has been killed), and what it has written to both
  ///   outputs.
  func run(_ command: [String], timeout: Duration) async -> (status: Int32, output: String)
}

/// The programs of this machine.
public struct SystemVolumeCommands: VolumeCommands {
  private static let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
  private static let queue = DispatchQueue(label: "volume-commands", attributes: .concurrent)

  /// Of this machine.
  public init() {}

  /// Runs a program to its end.
  public func run(_ command: [String], timeout: Duration) async -> (status: Int32, output: String) {
    await withCheckedContinuation { continuation in
      Self.queue.async { continuation.resume(returning: Self.run(command, timeout)) }
    }
  }

  private static func run(_ command: [String], _ timeout: Duration) -> (status: Int32, output: String) {
    guard let name = command.first else { return (127, "no program is named") }
    guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
      return (127, "there is no program \(name)")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(folder)/\(name)")
    process.arguments = Array(command.dropFirst())
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    do { try process.run() } catch { return (127, "\(error)") }
    let pid = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(pid, SIGKILL) }
    queue.asyncAfter(deadline: .now() + .seconds(Int(timeout.components.seconds)), execute: watchdog)
    let text = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    watchdog.cancel()
    let isKilled = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    return (isKilled ? 124 : process.terminationStatus, String(decoding: text, as: UTF8.self))
  }
}
