import Glibc
public import ContainerRuntime
public import Objects

/// What a machine is, as its Node object tells.
public struct NodeFacts: Sendable, Hashable {
  /// The kernel's release.
  public var kernelVersion = ""
  /// The distribution, as it calls itself.
  public var osImage = ""
  /// Of the installation.
  public var machineID = ""
  /// Of the hardware.
  public var systemUUID = ""
  /// Of this run of the kernel.
  public var bootID = ""
  /// Processors that this process may use.
  public var processors = 1
  /// Bytes, no more than the process's own control group allows.
  public var memoryBytes: Int64 = 0
  /// Bytes of the file system with the node's data.
  public var diskBytes: Int64 = 0

  /// How many pods a node takes.
  public static let pods = 110

  /// Those of this machine.
  /// - Parameters:
  ///   - dataFolder: where the node's data is; it exists.
  ///   - root: what is before all paths but that.
  public static func current(dataFolder: String, root: String = "") -> NodeFacts {
    var facts = NodeFacts()
    func line(_ path: String) -> String {
      String(HostFile.text(root + path).split(separator: "\n").first ?? "")
    }
    facts.kernelVersion = line("/proc/sys/kernel/osrelease")
    facts.osImage = osImage(HostFile.text(root + "/etc/os-release"))
    facts.bootID = line("/proc/sys/kernel/random/boot_id")
    facts.machineID = line("/etc/machine-id")
    // Readable by root only, and not everywhere there.
    facts.systemUUID = line("/sys/class/dmi/id/product_uuid").lowercased()
    if facts.machineID.isEmpty { facts.machineID = facts.bootID.filter { $0 != "-" } }
    if facts.systemUUID.isEmpty { facts.systemUUID = facts.machineID }
    facts.processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    facts.memoryBytes = memory(
      HostFile.text(root + "/proc/meminfo"),
      limits: memoryGroups(HostFile.text(root + "/proc/self/cgroup")).map { line($0) })
    var disk = statvfs()
    if statvfs(dataFolder, &disk) == 0 { facts.diskBytes = Int64(clamping: disk.f_blocks * disk.f_frsize) }
    return facts
  }

  /// PRETTY_NAME of os-release(5).
  static func osImage(_ text: String) -> String {
    for line in text.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
      return String(line.dropFirst(12)).filter { $0 != "\"" && $0 != "'" }
    }
    return "Linux"
  }

  /// Where the limits of a process's control group and of those above it are, by its list of groups (cgroups(7)). Within
  /// a container a path may lead out of what is seen there: then only what is at the top counts.
  static func memoryGroups(_ text: String) -> [String] {
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    .filter { $0.count == 3 }
    let first = lines.first { $0[1].split(separator: ",").contains("memory") }
    guard let line = first ?? lines.first(where: { $0[0] == "0" && $0[1].isEmpty }) else { return [] }
    let (top, file) =
      first == nil ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
    let parts = line[2].split(separator: "/")
    let depth = parts.contains("..") ? 0 : parts.count
    return (0...depth).reversed().map { count in
      ([top] + parts.prefix(count).map(String.init) + [file]).joined(separator: "/")
    }
  }

  /// Bytes, from proc_meminfo(5) and the limits of control groups, of which those that are no number say nothing.
  static func memory(_ text: String, limits: [String]) -> Int64 {
    var bytes: Int64 = 0
    for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
      let words = line.split(whereSeparator: \.isWhitespace)
      bytes = (words.count > 1 ? Int64(words[1]) ?? 0 : 0).multipliedReportingOverflow(by: 1024).partialValue
    }
    return limits.compactMap { Int64($0) }.filter { $0 > 0 }.reduce(bytes) { min($0, $1) }
  }

  /// `status.capacity` of the Node.
  public var capacity: JSON {
    [
      "cpu": .string("\(processors)"), "memory": .string("\(memoryBytes / 1024)Ki"),
      "ephemeral-storage": .string("\(diskBytes / 1024)Ki"), "pods": .string("\(Self.pods)"),
    ]
  }

  /// `status.allocatable`: what is left when a hundred MiB and a tenth of the disk are kept for the machine itself.
  public var allocatable: JSON {
    var left = capacity
    left["memory"] = .string("\(max(0, memoryBytes - 100 << 20) / 1024)Ki")
    left["ephemeral-storage"] = .string("\(diskBytes / 10 * 9)")
    return left
  }

  /// `status.nodeInfo`, as far as the machine decides.
  public var information: JSON {
    [
      "kernelVersion": .string(kernelVersion), "osImage": .string(osImage), "machineID": .string(machineID),
      "systemUUID": .string(systemUUID), "bootID": .string(bootID),
    ]
  }
}

/// The machine's addresses.
public enum NodeAddress {
  /// An interface with an address.
  struct Interface: Sendable, Hashable {
    var name: String
    var address: String
  }

  /// The address that other machines know this one by: that of the default route's interface, else the first one that is
  /// not the machine's own alone. Nil if there is none.
  public static func find() -> String? {
    choose(interfaces(), defaultInterface: defaultInterface(HostFile.text("/proc/net/route")))
  }

  /// - Parameter defaultInterface: of the default route.
  static func choose(_ interfaces: [Interface], defaultInterface: String?) -> String? {
    let usable = interfaces.filter { item in
      !item.address.hasPrefix("127.") && !item.address.hasPrefix("169.254.")
        // Bridges of container runtimes are no way in.
        && !["docker", "cni", "br-", "veth", "flannel", "kube"].contains { item.name.hasPrefix($0) }
    }
    return (usable.first { $0.name == defaultInterface } ?? usable.first)?.address
  }

  /// The interface of the route to everywhere that is preferred, of the kernel's table: name, destination, gateway,
  /// flags, counts, metric, mask, in hexadecimal.
  static func defaultInterface(_ table: String) -> String? {
    var best: (metric: Int, name: String)?
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000",
        // RTF_REJECT is no way out.
        (Int(fields[3], radix: 16) ?? 0) & 0x200 == 0
      else { continue }
      let metric = Int(fields[6]) ?? 0
      if metric < best?.metric ?? .max { best = (metric, String(fields[0])) }
    }
    return best?.name
  }

  private static func interfaces() -> [Interface] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var found: [Interface] = []
    var next = first
    while let entry = next {
      next = entry.pointee.ifa_next
      guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == AF_INET,
        entry.pointee.ifa_flags & UInt32(IFF_UP) != 0
      else { continue }
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      guard getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
        continue
      }
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      found.append(
        Interface(
          name: String(cString: entry.pointee.ifa_name), address: String(decoding: bytes, as: UTF8.self)))
    }
    return found
  }
}

extension DNSConfig {
  /// What a resolv.conf(5) says; of `search` and `domain` lines the last one counts.
  public init(resolverFile text: String) {
    self.init()
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      switch words.first {
      case "nameserver": servers += words.dropFirst().prefix(1)
      case "search", "domain": searches = Array(words.dropFirst())
      case "options": options = Array(words.dropFirst())
      default: break
      }
    }
  }

  /// What this machine's own programs ask.
  public static var ofThisMachine: DNSConfig { DNSConfig(resolverFile: HostFile.text("/etc/resolv.conf")) }
}
