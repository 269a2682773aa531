import ContainerRuntime
public import Objects

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Reads what a Linux machine uses from its `/proc`, as cAdvisor counts it: what is used less what of the page cache has
/// not been touched lately is the working set.
public struct NodeUsageReader: Sendable {
  private let proc: String
  private let nodeFolder: String
  private let imageFolder: String

  /// - Parameters:
  ///   - nodeFolder: on the file system of the kubelet's own files.
  ///   - imageFolder: on the file system of the images.
  ///   - proc: where the kernel shows its numbers.
  public init(nodeFolder: String, imageFolder: String, proc: String = "/proc") {
    self.proc = proc
    self.nodeFolder = nodeFolder
    self.imageFolder = imageFolder
  }

  /// What the machine uses now.
  public func read(now: Timestamp) -> NodeUsage {
    let timestamp = now.seconds &* 1_000_000_000 &+ Int64(now.nanoseconds)
    let processors = text("stat")
    return NodeUsage(
      startTime: Self.startTime(processors),
      cpu: Self.cpu(processors, ticksPerSecond: UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))), timestamp),
      memory: Self.memory(text("meminfo"), timestamp), network: Self.network(text("net/dev")),
      nodeFilesystem: Self.filesystem(nodeFolder), imageFilesystem: Self.filesystem(imageFolder))
  }

  /// Files of `/proc` have no size that is known before.
  private func text(_ name: String) -> String {
    guard let file = LogFile(proc + "/" + name) else { return "" }
    var all: [UInt8] = []
    while all.count < Self.fileBytes {
      let bytes = file.bytes(at: all.count)
      guard !bytes.isEmpty else { break }
      all += bytes
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// Bytes of a file that are read at most; the longest has a line for each interrupt there may be.
  private static let fileBytes = 1 << 20

  /// `cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL …` in `/proc/stat`.
  static func cpu(_ text: String, ticksPerSecond: UInt64, _ timestamp: Int64) -> CPUUsage? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
    let ticks = line.split(separator: " ").dropFirst().map { UInt64($0) ?? 0 }
    guard ticks.count >= 8 else { return nil }
    let used = ticks.enumerated().filter { [0, 1, 2, 5, 6, 7].contains($0.offset) }
      .reduce(UInt64(0)) { $0 &+ $1.element }
    return CPUUsage(timestamp: timestamp, usageCoreNanoseconds: used &* (1_000_000_000 / ticksPerSecond))
  }

  static func startTime(_ text: String) -> Timestamp? {
    let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line.flatMap { Int64($0.dropFirst(6)) }.map { Timestamp(seconds: $0) }
  }

  static func memory(_ text: String, _ timestamp: Int64) -> MemoryUsage? {
    var values: [Substring: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let number = parts[1].split(separator: " ").first.flatMap({ UInt64($0) }) else {
        continue
      }
      values[parts[0]] = number.multipliedReportingOverflow(by: 1024).partialValue
    }
    guard let total = values["MemTotal"], let free = values["MemFree"], free <= total else { return nil }
    let usage = total - free
    let workingSet = usage - min(usage, values["Inactive(file)"] ?? 0)
    return MemoryUsage(
      timestamp: timestamp, workingSetBytes: workingSet, availableBytes: total - workingSet,
      usageBytes: usage, rssBytes: values["AnonPages"])
  }

  /// Interfaces of the machine itself and not of its pods; that with the most traffic first.
  static func network(_ text: String) -> [NetworkUsage] {
    var all: [NetworkUsage] = []
    for line in text.split(separator: "\n") {
      guard let colon = line.lastIndex(of: ":") else { continue }
      let name = String(line[..<colon].drop { $0 == " " })
      let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) }
      guard numbers.count >= 16, !["lo", "veth", "cni", "docker"].contains(where: name.hasPrefix) else {
        continue
      }
      all.append(
        NetworkUsage(
          interface: name, receivedBytes: numbers[0], receiveErrors: numbers[2], sentBytes: numbers[8],
          sendErrors: numbers[10]))
    }
    return all.sorted { $0.receivedBytes ?? 0 > $1.receivedBytes ?? 0 }
  }

  static func filesystem(_ folder: String) -> FilesystemCapacity? {
    var facts = statvfs()
    guard statvfs(folder, &facts) == 0 else { return nil }
    let block = UInt64(facts.f_frsize)
    let blocks = UInt64(facts.f_blocks)
    let free = UInt64(facts.f_bfree)
    return FilesystemCapacity(
      capacityBytes: blocks &* block, availableBytes: UInt64(facts.f_bavail) &* block,
      usedBytes: (blocks - min(blocks, free)) &* block, inodes: UInt64(facts.f_files),
      freeInodes: UInt64(facts.f_ffree))
  }
}
