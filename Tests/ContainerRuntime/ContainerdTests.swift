import Foundation
import Glibc
import NIOPosix
import Testing

@testable import ContainerRuntime

struct ContainerdTests {
  private static let machine = ContainerdMachine(
    canStackLayers: true, mayLowerOOMScores: true, isRunBySystemd: true, hasUnifiedCgroups: true,
    networkPrograms: "/opt/cni/bin")

  // MARK: The configuration

  @Test func `a configuration is this text`() {
    let configuration = ContainerdConfiguration(
      layout: ContainerdLayout(folder: "/data"), sandboxImage: "localhost/pause:1", snapshotter: .native,
      cgroupDriver: .cgroupfs, restrictsOOMScoreAdjustment: true)
    #expect(
      configuration.text == """
        # Written at every start: changes are lost.
        version = 2
        root = "/data/root"
        state = "/data/state"

        [grpc]
          address = "/data/containerd.sock"

        [debug]
          level = "warn"

        # Its default is a folder outside of ours.
        [plugins."io.containerd.internal.v1.opt"]
          path = "/data/opt"

        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "localhost/pause:1"
          restrict_oom_score_adj = true
          stream_server_address = "127.0.0.1"
          stream_server_port = "0"

          [plugins."io.containerd.grpc.v1.cri".containerd]
            snapshotter = "native"
            default_runtime_name = "runc"

            [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
              runtime_type = "io.containerd.runc.v2"

              [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                BinaryName = "runc"
                SystemdCgroup = false

          [plugins."io.containerd.grpc.v1.cri".cni]
            bin_dir = "/usr/lib/cni"
            conf_dir = "/data/cni"

        """)
  }

  @Test func `a configuration suits the machine`() {
    let layout = ContainerdLayout(folder: "/data")
    let full = ContainerdConfiguration(layout: layout, machine: Self.machine)
    #expect(full.snapshotter == .overlayfs)
    #expect(full.cgroupDriver == .systemd)
    #expect(!full.restrictsOOMScoreAdjustment)
    #expect(full.networkPrograms == "/opt/cni/bin")
    #expect(full.sandboxImage == "localhost/pause:1")

    var poor = Self.machine
    poor.canStackLayers = false
    poor.mayLowerOOMScores = false
    poor.hasUnifiedCgroups = false
    let modest = ContainerdConfiguration(layout: layout, machine: poor)
    #expect(modest.snapshotter == .native)
    #expect(modest.cgroupDriver == .cgroupfs)
    #expect(modest.restrictsOOMScoreAdjustment)
  }

  @Test(
    arguments: [
      ("plain", #""plain""#), (#"a"b\c"#, #""a\"b\\c""#), ("a\nb\u{7F}", #""a\u000Ab\u007F""#),
      ("ü", #""ü""#),
      ("", #""""#),
    ])
  func `texts are quoted`(_ text: String, _ quoted: String) {
    #expect(ContainerdConfiguration.quoted(text) == quoted)
  }

  @Test func `a socket's path has a length`() {
    #expect(ContainerdLayout(folder: "/data").hasRoomForSocket)
    // With "/containerd.sock.ttrpc" this makes 107 and 108 bytes.
    #expect(ContainerdLayout(folder: "/" + String(repeating: "x", count: 84)).hasRoomForSocket)
    #expect(!ContainerdLayout(folder: "/" + String(repeating: "x", count: 85)).hasRoomForSocket)
  }

  // MARK: The machine

  @Test(
    arguments: [
      ("Name:\tx\nCapEff:\t000001ffffffffff\n", true), ("CapEff:\t000001fffeffffff\n", false),
      ("CapEff:\t0000000001000000\n", true), ("CapEff:\tnonsense\n", false), ("", false),
    ])
  func `kill scores may be lowered with a capability`(_ status: String, _ may: Bool) {
    #expect(ContainerdMachine.mayLowerOOMScores(status: status) == may)
  }

  @Test(
    arguments: [
      ("nodev\tsysfs\n\text4\nnodev\toverlay\n", false, true), ("nodev\toverlay\n", true, false),
      ("\text4\n", false, false), ("nodev\toverlayish\n", false, false), ("", false, false),
    ])
  func `layers are stacked where the kernel and the folder allow it`(
    _ fileSystems: String, _ isFolderStacked: Bool, _ can: Bool
  ) {
    #expect(
      ContainerdMachine.canStackLayers(fileSystems: fileSystems, isFolderStacked: isFolderStacked) == can)
  }

  @Test(
    arguments: [
      ("/", "ext4"), ("/data", "xfs"), ("/data/x", "xfs"), ("/database", "ext4"), ("/with blank/x", "tmpfs"),
      ("/data/deep/x", "overlay"),
    ])
  func `a path lies on the file system mounted nearest above it, the last of several`(
    _ path: String, _ type: String
  ) {
    let mounts = """
      /dev/vda / ext4 rw 0 0
      /dev/vdb /data ext4 rw 0 0
      /dev/vdc /data xfs rw 0 0
      tmpfs /with\\040blank tmpfs rw 0 0
      overlay /data/deep overlay rw 0 0
      broken
      """
    #expect(ContainerdMachine.fileSystem(of: path, mounts: mounts) == type)
  }

  @Test func `this machine can be asked`() {
    #expect(!ContainerdMachine.current(folder: "/").networkPrograms.isEmpty)
  }

  // MARK: The process

  @Test func `one that ends soon is started later each time`() {
    var policy = RestartPolicy()
    let pauses = (0..<9).map { _ in policy.pause(afterRunningFor: .seconds(1)) }
    #expect(pauses.map { $0 / .milliseconds(100) } == [1, 2, 4, 8, 16, 32, 64, 100, 100])
    #expect(policy.pause(afterRunningFor: .seconds(60)) == .milliseconds(100))
  }

  @Test func `what it starts is found, and a service manager is not fooled`() {
    #expect(
      ContainerdProcess.environment(of: ["A=b", "PATH=/x", "NOTIFY_SOCKET=/run/n", "LISTEN_FDS=3"])
        == ["A=b", "PATH=/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
    #expect(
      ContainerdProcess.environment(of: [])
        == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
  }

  @Test(
    arguments: [
      ("containerd\0--config\0/data/config.toml\0", true),
      ("/usr/bin/containerd\0--config\0/data/config.toml\0", true),
      ("containerd\0--config\0/other/config.toml\0", false), ("vim\0/data/config.toml\0", false), ("", false),
    ])
  func `a process left behind is known by its arguments`(_ commandLine: String, _ isOurs: Bool) {
    #expect(
      ContainerdProcess.isContainerd(commandLine: commandLine, configuration: "/data/config.toml") == isOurs)
  }

  @Test func `programs end with a code or a signal`() {
    #expect(ChildProcess.Ending(status: 0) == .exited(0))
    #expect(ChildProcess.Ending(status: 3 << 8) == .exited(3))
    #expect(ChildProcess.Ending(status: 9) == .killed(signal: 9))
    #expect(ChildProcess.Ending(status: 11 | 0x80) == .killed(signal: 11))
  }

  @Test func `a program's words go to its log and its end is told`() async throws {
    let place = try FakeRuntime.Place()
    let log = place.folder + "/log"
    let child = try ChildProcess(
      ["sh", "-c", "echo \"$WORD\"; echo bad >&2; exit 7"], environment: ["WORD=good", "PATH=/bin:/usr/bin"],
      log: log)
    #expect(await child.ending() == .exited(7))
    #expect(await child.ending() == .exited(7))
    #expect(child.hasEnded)
    child.signal(9)
    #expect(HostFile.text(log) == "good\nbad\n")
  }

  @Test func `a program gets nothing of what is open here`() async throws {
    let place = try FakeRuntime.Place()
    let file = open("/dev/null", O_RDONLY)
    defer { close(file) }
    let child = try ChildProcess(
      ["sh", "-c", "if [ -e /proc/self/fd/\(file) ]; then exit 1; fi"], environment: ["PATH=/bin:/usr/bin"],
      log: place.folder + "/log")
    #expect(await child.ending() == .exited(0))
  }

  @Test func `a program is sent signals`() async throws {
    let place = try FakeRuntime.Place()
    let child = try ChildProcess(
      ["sleep", "100000"], environment: ["PATH=/bin:/usr/bin"], log: place.folder + "/log")
    #expect(!child.hasEnded)
    child.signal(15)
    #expect(await child.ending() == .killed(signal: 15))
  }

  @Test func `a program that is not there is named`() throws {
    let place = try FakeRuntime.Place()
    let error = #expect(throws: ContainerdError.self) {
      try ChildProcess(["no-such-program-here"], environment: [], log: place.folder + "/log")
    }
    #expect(error?.description.hasPrefix("no-such-program-here cannot be started: No such file") == true)
  }

  @Test func `a containerd that ends at once is started again, and then given up`() async throws {
    let place = try FakeRuntime.Place()
    let reports = FakeRuntime.Log()
    let process = ContainerdProcess(
      ContainerdConfiguration(layout: ContainerdLayout(folder: place.folder + "/c"), machine: Self.machine),
      program: "true", on: FakeRuntime.loops.next()
    ) { reports.add($0) }
    let start = Task { try await process.start() }
    await eventually("it was started again") { reports.all.count >= 3 }
    #expect(reports.all.first == "containerd ended (exit code 0); it is started again in 0.1 seconds")
    start.cancel()
    await #expect(throws: CancellationError.self) { try await start.value }
    #expect(await process.processID == nil)
  }

  @Test func `a folder that is too long is refused`() async throws {
    let folder = "/" + String(repeating: "x", count: 200)
    let process = ContainerdProcess(
      ContainerdConfiguration(layout: ContainerdLayout(folder: folder), machine: Self.machine),
      on: FakeRuntime.loops.next()
    ) { _ in }
    await #expect(throws: ContainerdError.folderTooLong(folder)) { try await process.start() }
  }

  @Test func `a log that has grown moves aside, its newest bytes at least`() throws {
    let place = try FakeRuntime.Place()
    let log = LogFile(path: place.folder + "/log")
    log.trim(to: 10)
    try SmallFile.write("0123456789", to: log.path)
    log.trim(to: 10)
    #expect(HostFile.text(log.path) == "0123456789")
    try SmallFile.write("0123456789abcde", to: log.path)
    log.trim(to: 10)
    #expect(HostFile.text(log.path).isEmpty)
    #expect(HostFile.text(log.path + ".1") == "56789abcde")
  }

  @Test func `no runtime is found where none is`() async throws {
    let place = try FakeRuntime.Place()
    try SmallFile.write("no socket", to: place.folder + "/file")
    let found = await RuntimeSocket.find(
      among: [place.folder + "/none", place.folder + "/file"], on: FakeRuntime.loops.next())
    #expect(found == nil)
  }

  @Test func `an archive that is not there is named`() async throws {
    let error = await #expect(throws: ContainerdError.self) {
      try await ImageArchive("/none.tar").importInto(socket: "/none", scratch: "/tmp")
    }
    #expect(error == .fileSystem(path: "/none.tar", "No such file or directory"))
  }
}
