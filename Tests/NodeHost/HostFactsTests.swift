import ContainerRuntime
import Glibc
import Kubelet
import Objects
import Testing

@testable import NodeHost

@Suite struct MountTests {
  private static let table = """
    22 1 0:21 / /proc rw,relatime - proc proc rw
    31 23 0:28 / /pods/a rw,relatime shared:1 - tmpfs tmpfs rw
    32 31 0:29 / /pods/a/volumes/m rw - tmpfs tmpfs rw
    33 31 0:30 / /pods/ab rw - tmpfs tmpfs rw
    34 31 0:31 / /pods/a/with\\040blank\\134 rw - tmpfs tmpfs rw
    broken
    """

  @Test func `mounts below a path are found, the last one first`() {
    let table = MountTable(Self.table)
    #expect(table.points(below: "/pods/a") == ["/pods/a/with blank\\", "/pods/a/volumes/m", "/pods/a"])
    #expect(table.points(below: "/pods/abc") == [])
    #expect(MountTable("").points == [])
  }

  /// Needs the right to mount.
  @Test func `memory is mounted once, and taken away`() async throws {
    let folder = try TemporaryFolder()
    let mounter = MemoryMounter()
    do throws(NodeFileError) {
      try await mounter.mountMemory(at: folder.path, sizeBytes: 1 << 20)
    } catch {
      #expect(error.message == "mount tmpfs at \(folder.path): Operation not permitted")
      return
    }
    try await mounter.mountMemory(at: folder.path, sizeBytes: 1 << 20)
    #expect(MountTable(HostFile.text("/proc/self/mountinfo")).points.filter { $0 == folder.path }.count == 1)
    try await mounter.unmountAll(below: folder.path)
    #expect(!MountTable(HostFile.text("/proc/self/mountinfo")).points.contains(folder.path))
    // Nothing is left to be taken away.
    try await mounter.unmountAll(below: folder.path)
  }

  @Test func `memory that cannot be mounted is said why`() async throws {
    await #expect(throws: NodeFileError.self) {
      try await MemoryMounter().mountMemory(at: "/no/such/folder", sizeBytes: nil)
    }
  }
}

@Suite struct NodeFactsTests {
  @Test(arguments: [
    ("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", "Debian GNU/Linux 12 (bookworm)"),
    ("PRETTY_NAME='Small Linux'", "Small Linux"), ("PRETTY_NAME=Bare", "Bare"), ("", "Linux"),
  ])
  func `the distribution says its name`(text: String, name: String) {
    #expect(NodeFacts.osImage(text) == name)
  }

  @Test(
    arguments: [
      ([], 2048), (["max"], 2048), (["1024"], 1024), (["9223372036854771712"], 2048),
      (["1500", "1000"], 1000),
      (["0", "", "x"], 2048),
    ] as [([String], Int64)])
  func `memory is the machine's, or less`(limits: [String], bytes: Int64) {
    #expect(NodeFacts.memory("MemFree:  1 kB\nMemTotal:       2 kB\n", limits: limits) == bytes)
  }

  @Test func `a process's group and those above limit its memory`() {
    #expect(
      NodeFacts.memoryGroups("9:name=systemd:/\n4:memory:/a/b\n0::/\n") == [
        "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
      ])
    #expect(
      NodeFacts.memoryGroups("0::/x.slice\n") == [
        "/sys/fs/cgroup/x.slice/memory.max", "/sys/fs/cgroup/memory.max",
      ])
    #expect(NodeFacts.memoryGroups("0::/../../outside\n") == ["/sys/fs/cgroup/memory.max"])
    #expect(NodeFacts.memoryGroups("") == [])
  }

  @Test func `facts are read from a machine's files`() throws {
    let root = try TemporaryFolder()
    try root.write("proc/sys/kernel/osrelease", "6.1.0-9\n")
    try root.write("proc/sys/kernel/random/boot_id", "0a-1b\n")
    try root.write("proc/meminfo", "MemTotal: 4194304 kB\n")
    try root.write("proc/self/cgroup", "0::/group\n")
    try root.write("sys/fs/cgroup/group/memory.max", "1073741824\n")
    try root.write("etc/os-release", "PRETTY_NAME=\"Test\"\n")
    let facts = NodeFacts.current(dataFolder: root.path, root: root.path)
    #expect(
      facts.information == [
        "kernelVersion": "6.1.0-9", "osImage": "Test", "machineID": "0a1b", "systemUUID": "0a1b",
        "bootID": "0a-1b",
      ])
    #expect(facts.memoryBytes == 1 << 30)
    #expect(facts.capacity["memory"] == "1048576Ki")
    #expect(facts.allocatable["memory"] == "946176Ki")
    #expect(facts.diskBytes > 0)
  }

  @Test func `the address is the default route's, or the first that others can reach`() {
    let interfaces = [
      ("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("eth0", "10.0.0.1"), ("eth1", "10.1.0.1"),
    ]
    .map { NodeAddress.Interface(name: $0.0, address: $0.1) }
    #expect(NodeAddress.choose(interfaces, defaultInterface: "eth1") == "10.1.0.1")
    #expect(NodeAddress.choose(interfaces, defaultInterface: nil) == "10.0.0.1")
    #expect(NodeAddress.choose(Array(interfaces.prefix(2)), defaultInterface: "docker0") == nil)
  }

  @Test func `of several default routes the cheapest counts`() {
    let head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    let table =
      head + "eth0\t00000000\t010200C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
      + "eth1\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      + "eth2\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
      + "*\t00000000\t00000000\t0200\t0\t0\t1\t00000000\t0\t0\t0\nbroken\n"
    #expect(NodeAddress.defaultInterface(table) == "eth1")
    #expect(NodeAddress.defaultInterface("") == nil)
  }

  @Test func `a resolver's file is read`() {
    let config = DNSConfig(
      resolverFile:
        "# by hand\nnameserver 10.0.0.1\nsearch a b\nnameserver 10.0.0.2\ndomain c\noptions ndots:2 rotate\n")
    #expect(
      config
        == DNSConfig(servers: ["10.0.0.1", "10.0.0.2"], searches: ["c"], options: ["ndots:2", "rotate"]))
  }
}
