import ContainerRuntime
import Kubelet
import Objects
import Synchronization
import Testing

@testable import NodeHost

/// Control groups in memory: writing makes a file.
private final class MemoryCgroups: CgroupFiles {
  struct State {
    var folders: Set<String> = []
    var files: [String: String] = [:]
    var failing: [String: String] = [:]
  }
  let state: Mutex<State>

  init(_ folders: Set<String>, _ files: [String: String] = [:]) {
    state = Mutex(State(folders: folders, files: files))
  }

  func fail(_ path: String, _ text: String?) { state.withLock { $0.failing[path] = text } }

  func make(_ folder: String) throws(NodeFileError) {
    try check(folder)
    state.withLock { state in
      state.folders.insert(folder)
      for name in ["cpu.shares", "cpu.weight"] where folder.contains("kubepods/b") {
        if state.files["\(folder)/\(name)"] == nil { state.files["\(folder)/\(name)"] = "100\n" }
      }
    }
  }

  func write(_ path: String, _ text: String) throws(NodeFileError) {
    try check(path)
    state.withLock { state in
      if path.hasSuffix("subtree_control") {
        state.files[path, default: ""] += text.dropFirst() + " "
      } else {
        state.files[path] = text
      }
    }
  }

  func text(_ path: String) -> String? { state.withLock { $0.files[path] } }

  func groups(_ folder: String) -> [String] {
    state.withLock { state in
      state.folders.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
        .filter { !$0.contains("/") }.sorted()
    }
  }

  func remove(_ folder: String) throws(NodeFileError) {
    try check(folder)
    state.withLock { state in
      state.folders.remove(folder)
      state.files = state.files.filter { !$0.key.hasPrefix(folder + "/") }
    }
  }

  private func check(_ path: String) throws(NodeFileError) {
    if let text = state.withLock({ $0.failing[path] }) { throw NodeFileError(text) }
  }

  var folders: [String] { state.withLock { $0.folders.sorted() } }
  var files: [String: String] { state.withLock { $0.files } }
}

private let v1Table = """
  31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
  32 31 0:29 / /c/cpu rw,relatime shared:4 master:1 - cgroup cgroup rw,cpu,cpuacct
  35 31 0:32 / /c/memory rw,relatime - cgroup cgroup rw,memory
  36 31 0:33 / /c/devices rw,relatime - cgroup cgroup rw,devices
  41 31 0:38 / /c/unified rw,relatime - cgroup2 cgroup2 rw
  broken
  """
private let v2Table = "30 1 0:9 / /c rw - cgroup2 cgroup2 rw,nsdelegate\n"

private func container(
  _ requests: JSON = [:], _ limits: JSON = [:], restarts: Bool = false
) -> JSON {
  var container: JSON = ["name": "c", "resources": ["requests": requests, "limits": limits]]
  if restarts { container["restartPolicy"] = "Always" }
  return container
}

private func pod(_ uid: String = "u", _ containers: JSON..., initial: [JSON] = []) -> JSON {
  [
    "metadata": ["name": "p", "namespace": "d", "uid": .string(uid)],
    "spec": ["containers": .array(containers), "initContainers": .array(initial)],
  ]
}

@Suite struct CgroupLayoutTests {
  @Test func `each controller of v1 has its folder`() throws {
    let layout = try #require(CgroupLayout(mounts: v1Table) { _ in "hugetlb" })
    #expect(layout.version == .v1)
    #expect(layout.folders == ["cpu": "/c/cpu", "memory": "/c/memory"])
    #expect(layout.hierarchies == ["/c/cpu", "/c/devices", "/c/memory"])
    #expect(layout.missing == ["pids"])
  }

  @Test func `v2 has those that it says it has`() throws {
    let layout = try #require(CgroupLayout(mounts: v2Table) { $0 == "/c" ? "cpuset cpu memory pids\n" : "" })
    #expect(layout.version == .v2)
    #expect(layout.folders == ["cpu": "/c", "memory": "/c", "pids": "/c"])
    #expect(layout.missing == [])
    #expect(CgroupLayout(mounts: v2Table) { _ in "hugetlb" }?.missing == ["cpu", "memory", "pids"])
  }

  @Test func `without control groups there is no layout`() {
    #expect(CgroupLayout(mounts: "22 1 0:21 / /proc rw - proc proc rw\n") { _ in "" } == nil)
  }
}

@Suite struct PodCgroupLimitsTests {
  private func limits(_ shares: Int64, _ quota: Int64?, _ memory: Int64?) -> PodCgroupLimits {
    var limits = PodCgroupLimits(pod: pod())
    (limits.cpuShares, limits.cpuQuota, limits.memoryBytes) = (shares, quota, memory)
    return limits
  }

  @Test func `a pod that asks for nothing weighs least and has no limit`() {
    #expect(PodCgroupLimits(pod: pod("u", container())) == limits(2, nil, nil))
  }

  @Test func `a limit holds if every container has one`() {
    let full = container(["cpu": "250m"], ["cpu": "500m", "memory": "64Mi"])
    let half = container([:], ["cpu": "1"])
    #expect(PodCgroupLimits(pod: pod("u", full, full)) == limits(512, 100_000, 128 << 20))
    #expect(PodCgroupLimits(pod: pod("u", full, half)) == limits(1280, 150_000, nil))
    #expect(PodCgroupLimits(pod: pod("u", full, container())) == limits(256, nil, nil))
  }

  @Test func `init containers run one after another, sidecars beside everything`() {
    let one = container([:], ["cpu": "1", "memory": "10"])
    let big = container([:], ["cpu": "3", "memory": "30"])
    let sidecar = container([:], ["cpu": "2", "memory": "20"], restarts: true)
    #expect(PodCgroupLimits(pod: pod("u", one, initial: [one, big])) == limits(3072, 300_000, 30))
    #expect(PodCgroupLimits(pod: pod("u", one, initial: [big, sidecar])) == limits(3072, 300_000, 30))
    #expect(PodCgroupLimits(pod: pod("u", one, initial: [sidecar, big])) == limits(5120, 500_000, 50))
  }

  @Test func `what is too large to count is as much as can be`() {
    let huge = container([:], ["cpu": "9E", "memory": "9E"])
    let found = PodCgroupLimits(pod: pod("u", huge, huge))
    #expect(found.cpuShares == 262_144)
    #expect(found.memoryBytes == .max)
  }

  @Test(arguments: [(2, 1), (1024, 39), (262_144, 10_000), (0, 1), (.max, 10_000)] as [(Int64, Int64)])
  func `weights are shares on another scale`(shares: Int64, weight: Int64) {
    #expect(PodCgroupLimits.weight(shares: shares) == weight)
  }
}

@Suite struct PodCgroupsTests {
  private let files = MemoryCgroups(["/c/cpu", "/c/memory", "/c/devices"])

  private func v1() throws -> PodCgroups {
    let layout = try #require(CgroupLayout(mounts: v1Table) { _ in "" })
    return PodCgroups(layout: layout, driver: .cgroupfs, pidsMax: 10, files: files)
  }

  @Test func `a pod has a group in each hierarchy that limits`() throws {
    let groups = try v1()
    #expect(groups.isUsable)
    try groups.prepare(pod("u", container(["cpu": "1"], ["memory": "1Mi"])))
    #expect(
      files.folders == [
        "/c/cpu", "/c/cpu/kubepods", "/c/cpu/kubepods/burstable", "/c/cpu/kubepods/burstable/podu",
        "/c/devices",
        "/c/memory", "/c/memory/kubepods", "/c/memory/kubepods/burstable",
        "/c/memory/kubepods/burstable/podu",
      ])
    let place = "kubepods/burstable/podu"
    #expect(files.text("/c/cpu/\(place)/cpu.shares") == "1024")
    #expect(files.text("/c/cpu/\(place)/cpu.cfs_period_us") == "100000")
    #expect(files.text("/c/cpu/\(place)/cpu.cfs_quota_us") == "-1")
    #expect(files.text("/c/memory/\(place)/memory.limit_in_bytes") == "1048576")
  }

  @Test func `qualities weigh what their pods ask for`() throws {
    let groups = try v1()
    try groups.prepare(pod("a", container(["cpu": "1"])))
    try groups.prepare(pod("b", container(["cpu": "500m"])))
    try groups.prepare(pod("c", container()))
    #expect(files.text("/c/cpu/kubepods/burstable/cpu.shares") == "1536")
    #expect(files.text("/c/cpu/kubepods/besteffort/cpu.shares") == "2")
    #expect(groups.remove(podUID: "a") == [])
    #expect(files.text("/c/cpu/kubepods/burstable/cpu.shares") == "512")
  }

  @Test func `what a pod leaves is removed, if need be later`() throws {
    let groups = try v1()
    try groups.prepare(pod("u", container(["cpu": "1"])))
    let group = "/c/devices/kubepods/burstable/podu"
    try files.make(group)
    try files.make("\(group)/container")
    files.fail("\(group)/container", "rmdir: Device or resource busy")
    #expect(groups.remove(podUID: "u") == ["rmdir: Device or resource busy"])
    files.fail("\(group)/container", nil)
    #expect(groups.remove(podUID: "other") == [])
    #expect(files.folders.filter { $0.contains("podu") } == [])
    #expect(groups.remove(podUID: "../..") == [])
  }

  @Test func `v2 hands its controllers down`() throws {
    let layout = try #require(CgroupLayout(mounts: v2Table) { _ in "cpu memory pids" })
    let files = MemoryCgroups(["/c"], ["/c/cgroup.subtree_control": "memory "])
    let groups = PodCgroups(layout: layout, driver: .cgroupfs, pidsMax: 10, files: files)
    let amounts: JSON = ["cpu": "500m", "memory": "1Mi"]
    try groups.prepare(pod("u", container(amounts, amounts)))
    #expect(files.text("/c/cgroup.subtree_control") == "memory cpu pids ")
    #expect(files.text("/c/kubepods/cgroup.subtree_control") == "cpu memory pids ")
    let values = files.files.filter { $0.key.hasPrefix("/c/kubepods/podu/") }
    #expect(
      values == [
        "/c/kubepods/podu/cpu.weight": "20", "/c/kubepods/podu/cpu.max": "50000 100000",
        "/c/kubepods/podu/memory.max": "1048576", "/c/kubepods/podu/pids.max": "10",
      ])
  }

  @Test func `a machine whose groups cannot be written is told so`() throws {
    files.fail("/c/cpu/kubepods", "mkdir /c/cpu/kubepods: Read-only file system")
    let groups = try v1()
    #expect(
      groups.notice == "control groups cannot be made (mkdir /c/cpu/kubepods: Read-only file system): "
        + "containers are not limited, and stay in the runtime's own group")
    try groups.prepare(pod("u", container()))
    #expect(groups.remove(podUID: "u") == [])
    #expect(files.folders == ["/c/cpu", "/c/devices", "/c/memory"])
    let none = PodCgroups(layout: nil, driver: .cgroupfs, pidsMax: nil, files: files)
    #expect(none.notice?.hasPrefix("no control groups are mounted") == true)
    let layout = CgroupLayout(mounts: v2Table) { _ in "hugetlb" }
    #expect(!PodCgroups(layout: layout, driver: .cgroupfs, pidsMax: nil, files: files).isUsable)
  }

  @Test func `with systemd the runtime does it all`() throws {
    let layout = try #require(CgroupLayout(mounts: v2Table) { _ in "cpu memory pids" })
    let files = MemoryCgroups(["/c"])
    let groups = PodCgroups(layout: layout, driver: .systemd, pidsMax: nil, files: files)
    #expect(groups.isUsable)
    try groups.prepare(pod("u", container()))
    #expect(files.folders == ["/c"])
  }
}
