/// What a containerd of our own is told, as a value: `text` is its config.toml (version 2, which containerd 1.5 to 2.x
/// read).
public struct ContainerdConfiguration: Sendable, Hashable {
  /// How image layers become a container's root file system.
  public enum Snapshotter: String, Sendable, Hashable {
    /// Layers are stacked by the kernel.
    case overlayfs
    /// Layers are copied: slow, and works on every file system.
    case native
  }

  /// Where everything lies.
  public var layout: ContainerdLayout
  /// The image that every sandbox runs.
  public var sandboxImage: String
  /// How root file systems are made.
  public var snapshotter: Snapshotter
  /// Who makes control groups; the kubelet must think the same.
  public var cgroupDriver: CgroupDriver
  /// Processes keep the kill score that containerd itself has, where it may not lower theirs.
  public var restrictsOOMScoreAdjustment: Bool
  /// The folder with the programs that make pod networks.
  public var networkPrograms: String
  /// The program that makes containers; a name is looked up in PATH.
  public var runc: String

  /// Everything said.
  public init(
    layout: ContainerdLayout, sandboxImage: String, snapshotter: Snapshotter, cgroupDriver: CgroupDriver,
    restrictsOOMScoreAdjustment: Bool, networkPrograms: String = "/usr/lib/cni", runc: String = "runc"
  ) {
    self.layout = layout
    self.sandboxImage = sandboxImage
    self.snapshotter = snapshotter
    self.cgroupDriver = cgroupDriver
    self.restrictsOOMScoreAdjustment = restrictsOOMScoreAdjustment
    self.networkPrograms = networkPrograms
    self.runc = runc
  }

  /// What suits a machine.
  public init(
    layout: ContainerdLayout, machine: ContainerdMachine, sandboxImage: String = "localhost/pause:1"
  ) {
    self.init(
      layout: layout, sandboxImage: sandboxImage,
      snapshotter: machine.canStackLayers ? .overlayfs : .native,
      cgroupDriver: machine.cgroupDriver,
      restrictsOOMScoreAdjustment: !machine.mayLowerOOMScores, networkPrograms: machine.networkPrograms)
  }

  /// The file.
  public var text: String {
    """
    # Written at every start: changes are lost.
    version = 2
    root = \(Self.quoted(layout.root))
    state = \(Self.quoted(layout.state))

    [grpc]
      address = \(Self.quoted(layout.socket))

    [debug]
      level = "warn"

    # Its default is a folder outside of ours.
    [plugins."io.containerd.internal.v1.opt"]
      path = \(Self.quoted(layout.folder + "/opt"))

    [plugins."io.containerd.grpc.v1.cri"]
      sandbox_image = \(Self.quoted(sandboxImage))
      restrict_oom_score_adj = \(restrictsOOMScoreAdjustment)
      stream_server_address = "127.0.0.1"
      stream_server_port = "0"

      [plugins."io.containerd.grpc.v1.cri".containerd]
        snapshotter = \(Self.quoted(snapshotter.rawValue))
        default_runtime_name = "runc"

        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
          runtime_type = "io.containerd.runc.v2"

          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
            BinaryName = \(Self.quoted(runc))
            SystemdCgroup = \(cgroupDriver == .systemd)

      [plugins."io.containerd.grpc.v1.cri".cni]
        bin_dir = \(Self.quoted(networkPrograms))
        conf_dir = \(Self.quoted(layout.networks))

    """
  }

  /// A basic string of TOML.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Where a containerd of our own keeps its files: all below one folder.
public struct ContainerdLayout: Sendable, Hashable {
  /// The longest path that a unix socket can have, in bytes.
  public static let socketPathBytesMax = 107
  /// What containerd appends to its socket's path for a second one.
  private static let secondSocket = ".ttrpc"

  /// All of it.
  public var folder: String

  /// Below this folder, an absolute path.
  public init(folder: String) { self.folder = folder }

  /// The configuration.
  public var configuration: String { folder + "/config.toml" }
  /// Where it listens.
  public var socket: String { folder + "/containerd.sock" }
  /// Images and containers: what outlives a reboot.
  public var root: String { folder + "/root" }
  /// What does not outlive a reboot.
  public var state: String { folder + "/state" }
  /// The pod networks' configurations; containerd watches it.
  public var networks: String { folder + "/cni" }
  /// What containerd prints.
  public var log: String { folder + "/containerd.log" }

  /// Whether the sockets' paths are short enough.
  public var hasRoomForSocket: Bool {
    socket.utf8.count + Self.secondSocket.utf8.count <= Self.socketPathBytesMax
  }
}
