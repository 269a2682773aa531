/// What of a volume is on the node, and the commands that make, keep and remove it.
///
/// An image is a sparse file with an ext4 file system, which a loop device shows to the kernel: its size is a limit. A
/// pod sees the folder `data` within, so that a volume which is not mounted is missed rather than written beside.
struct VolumeFiles: Sendable {
  /// How a volume is kept.
  enum Kind: String, Sendable, Hashable {
    case image
    case folder
  }

  /// Why a command failed.
  struct Failure: Error, Sendable, Hashable {
    var message: String
    /// Whether it was for a loop device.
    var lacksLoopDevices = false
  }

  /// What bounds the commands.
  enum Limits {
    static let command = Duration.seconds(60)
    /// Of a large disk this may take long.
    static let fileSystem = Duration.seconds(600)
    /// Smaller file systems have no room for anything.
    static let smallestBytes: Int64 = 16 << 20
  }

  /// Where all volumes of the node are.
  let folder: String
  let commands: any VolumeCommands

  /// What the pods get.
  func dataPath(_ name: String) -> String { mountPoint(name) + "/data" }
  func mountPoint(_ name: String) -> String { "\(folder)/mounts/\(name)" }
  func image(_ name: String) -> String { "\(folder)/images/\(name).img" }

  /// The size of the file for a request, in bytes.
  static func fileSize(_ requested: Int64) -> Int64 {
    let block: Int64 = 4096
    let size = max(requested, Limits.smallestBytes)
    return size > Int64.max - block ? size : (size + block - 1) / block * block
  }

  // MARK: Work

  /// Makes the folders, and removes what was left half done.
  func prepare() async throws(Failure) {
    try await run(["mkdir", "-p", "\(folder)/images", "\(folder)/mounts"])
    try await run(["find", "\(folder)/images", "-name", "*.new", "-delete"])
  }

  /// Makes a volume, or goes on with one that is half made, and mounts it.
  func create(_ name: String, _ kind: Kind, bytes: Int64) async throws(Failure) {
    if kind == .image, await commands.run(["test", "-e", image(name)], timeout: Limits.command).status != 0 {
      let new = image(name) + ".new"
      try await run(["truncate", "-s", String(Self.fileSize(bytes)), new])
      try await run(["mkfs.ext4", "-q", "-F", "-m", "0", new], timeout: Limits.fileSystem)
      // It has its name only when it is whole.
      try await run(["mv", new, image(name)])
    }
    try await mount(name, kind)
    try await run(["mkdir", "-p", dataPath(name)])
    // Containers run as any user.
    try await run(["chmod", "0777", dataPath(name)])
  }

  /// Mounts a volume that is there, unless it is mounted.
  func mount(_ name: String, _ kind: Kind) async throws(Failure) {
    try await run(["mkdir", "-p", mountPoint(name)])
    guard kind == .image, await !isMounted(name) else { return }
    let device: String
    if let known = try await devices(name).first {
      device = known
    } else {
      let output = try await run(["losetup", "--find", "--show", image(name)])
      device = Self.lines(output).last ?? ""
      guard device.hasPrefix("/dev/") else { throw Self.failure("losetup", 0, output) }
    }
    do throws(Failure) {
      try await run(["mount", "-t", "ext4", "-o", "noatime", device, mountPoint(name)])
    } catch {
      _ = await commands.run(["losetup", "-d", device], timeout: Limits.command)
      throw error
    }
  }

  /// Takes a volume off the node; its file stays.
  func unmount(_ name: String, _ kind: Kind) async throws(Failure) {
    guard kind == .image else { return }
    if await isMounted(name) { try await run(["umount", mountPoint(name)]) }
    for device in try await devices(name) { try await run(["losetup", "-d", device]) }
  }

  /// Removes the file of a volume that could not be mounted.
  func discardImage(_ name: String) async throws(Failure) { try await run(["rm", "-f", image(name)]) }

  /// Removes a volume and all its data.
  func remove(_ name: String, _ kind: Kind) async throws(Failure) {
    try await unmount(name, kind)
    switch kind {
    case .image:
      try await run(["rm", "-f", image(name), image(name) + ".new"])
      // Never what is within: if it were still mounted, that would be the data of another.
      if await commands.run(["test", "-d", mountPoint(name)], timeout: Limits.command).status == 0 {
        try await run(["rmdir", mountPoint(name)])
      }
    case .folder:
      try await run(["rm", "-rf", "--one-file-system", mountPoint(name)], timeout: Limits.fileSystem)
    }
  }

  /// Gives a volume more room, while it is in use.
  func expand(_ name: String, _ kind: Kind, bytes: Int64) async throws(Failure) {
    guard kind == .image else { return }
    try await mount(name, kind)
    try await run(["truncate", "-s", ">\(Self.fileSize(bytes))", image(name)])
    for device in try await devices(name) {
      try await run(["losetup", "-c", device])
      do throws(Failure) {
        try await run(["resize2fs", device], timeout: Limits.fileSystem)
      } catch {
        // Without the capability SYS_RESOURCE a file system cannot grow while it is mounted.
        guard error.message.contains("Permission denied") else { throw error }
        try await expandUnmounted(name, device)
      }
    }
  }

  /// Fails while anybody uses the volume; then it is as it was.
  private func expandUnmounted(_ name: String, _ device: String) async throws(Failure) {
    try await run(["umount", mountPoint(name)])
    let (status, output) = await commands.run(["e2fsck", "-f", "-p", device], timeout: Limits.fileSystem)
    // 1 says that something was repaired.
    var problem = status > 1 ? Self.failure("e2fsck", status, output) : nil
    if problem == nil {
      do throws(Failure) {
        try await run(["resize2fs", device], timeout: Limits.fileSystem)
      } catch {
        problem = error
      }
    }
    try await mount(name, .image)
    if let problem { throw problem }
  }

  private func isMounted(_ name: String) async -> Bool {
    await commands.run(["mountpoint", "-q", mountPoint(name)], timeout: Limits.command).status == 0
  }

  /// The loop devices of an image: one, if nobody else had a hand in it.
  private func devices(_ name: String) async throws(Failure) -> [String] {
    let text = try await run(["losetup", "-n", "-O", "NAME", "-j", image(name)])
    return Self.lines(text).filter { $0.hasPrefix("/dev/") }
  }

  @discardableResult
  private func run(
    _ command: [String], timeout: Duration = Limits.command
  ) async throws(Failure) -> String {
    let (status, output) = await commands.run(command, timeout: timeout)
    if status == 0 { return output }
    let name = command.first ?? ""
    if status == 124 { throw Failure(message: "\(name) has not ended in \(timeout.components.seconds) s") }
    throw Self.failure(name, status, output)
  }

  private static func failure(_ program: String, _ status: Int32, _ output: String) -> Failure {
    // The kernel's words begin with the program's name mostly.
    let told = told(output)
    let message =
      told.isEmpty
      ? "\(program) failed with status \(status)"
      : told.hasPrefix(program) ? told : "\(program): \(told)"
    return Failure(message: message, lacksLoopDevices: program == "losetup")
  }

  private static func lines(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { line in
      String(line.drop { $0 == " " }.prefix { $0 != " " })
    }
  }

  /// The start of what a program said, on one line.
  private static func told(_ output: String) -> String {
    output.split(whereSeparator: \.isNewline).prefix(4).joined(separator: "; ").prefix(400).description
  }
}
