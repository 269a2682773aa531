import LocalVolumes
import Synchronization

/// A machine that knows the commands for volumes: files with sizes, loop devices and mounts.
final class FakeMachine: VolumeCommands {
  struct State {
    var files: [String: Int64] = [:]
    var folders: Set<String> = []
    /// Devices and their files.
    var devices: [String: String] = [:]
    /// Mount points and their devices.
    var mounts: [String: String] = [:]
    /// The sizes that the file systems on devices have grown to.
    var fileSystems: [String: Int64] = [:]
    var commands: [String] = []
    /// Programs that fail, and how.
    var failures: [String: (status: Int32, output: String)] = [:]
  }

  private let state = Mutex(State())

  var commands: [String] { state.withLock { $0.commands } }
  var files: [String: Int64] { state.withLock { $0.files } }
  var mounts: [String: String] { state.withLock { $0.mounts } }
  var devices: [String: String] { state.withLock { $0.devices } }
  var fileSystems: [String: Int64] { state.withLock { $0.fileSystems } }

  func fail(_ program: String, _ failure: (status: Int32, output: String)?) {
    state.withLock { $0.failures[program] = failure }
  }

  /// As after a reboot: files are there, the kernel has forgotten all.
  func reboot() {
    state.withLock { state in
      state.devices = [:]
      state.mounts = [:]
    }
  }

  func run(_ command: [String], timeout: Duration) async -> (status: Int32, output: String) {
    state.withLock { state in
      state.commands.append(command.joined(separator: " "))
      if let failure = state.failures[command[0]] { return failure }
      return Self.perform(command, &state)
    }
  }

  private static func perform(_ command: [String], _ state: inout State) -> (status: Int32, output: String) {
    let last = command[command.count - 1]
    switch command[0] {
    case "mkdir":
      for folder in command.dropFirst() where folder != "-p" { state.folders.insert(folder) }
    case "find", "chmod", "mkfs.ext4": break
    case "test":
      return (state.files[last] != nil || state.folders.contains(last) ? 0 : 1, "")
    case "truncate":
      let size = Int64(command[2].drop { $0 == ">" }) ?? 0
      state.files[last] = max(state.files[last] ?? 0, size)
    case "mv": state.files[last] = state.files.removeValue(forKey: command[1])
    case "mountpoint": return (state.mounts[last] == nil ? 1 : 0, "")
    case "mount":
      state.mounts[last] = command[command.count - 2]
    case "umount": state.mounts[last] = nil
    case "losetup": return losetup(command, &state)
    case "resize2fs": state.fileSystems[last] = state.devices[last].flatMap { state.files[$0] }
    case "rm":
      for name in command.dropFirst() {
        state.files[name] = nil
        state.folders = state.folders.filter { $0 != name && !$0.hasPrefix(name + "/") }
      }
    case "rmdir": state.folders.remove(last)
    default: return (127, "there is no program \(command[0])")
    }
    return (0, "")
  }

  private static func losetup(_ command: [String], _ state: inout State) -> (status: Int32, output: String) {
    let last = command[command.count - 1]
    switch command[1] {
    case "--find":
      guard state.files[last] != nil else { return (1, "losetup: \(last): No such file or directory\n") }
      let device = "/dev/loop\(state.devices.count)"
      state.devices[device] = last
      return (0, device + "\n")
    case "-n":
      let names = state.devices.filter { $0.value == last }.keys.sorted()
      return (0, names.map { $0 + " \n" }.joined())
    case "-d":
      state.devices[last] = nil
      return (0, "")
    default: return (0, "")
    }
  }
}
