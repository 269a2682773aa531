import ContainerRuntime
import Objects

/// `/stats/summary` (kubelet: stats/v1alpha1 Summary).
enum StatsSummary {
  static func json(_ usage: UsageSample, nodeName: String, now: Timestamp) -> JSON {
    var node: JSON = ["nodeName": .string(nodeName)]
    node["startTime"] = time(usage.node.startTime)
    node["cpu"] = cpu(usage.node.cpu)
    node["memory"] = memory(usage.node.memory)
    node["network"] = network(usage.node.network, now)
    node["fs"] = filesystem(usage.node.nodeFilesystem, now)
    if let images = filesystem(usage.node.imageFilesystem, now) { node["runtime"] = ["imageFs": images] }
    return ["node": node, "pods": .array(usage.pods.map { pod($0, usage.node, now) })]
  }

  private static func pod(_ pod: UsageSample.Pod, _ node: NodeUsage, _ now: Timestamp) -> JSON {
    var json: JSON = [
      "podRef": ["name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid)],
      "containers": .array(pod.containers.map { container($0, node, now) }),
    ]
    json["startTime"] = time(pod.startTime)
    json["cpu"] = cpu(pod.cpu)
    json["memory"] = memory(pod.memory)
    json["network"] = network(pod.network, now)
    if let count = pod.processCount { json["process_stats"] = ["process_count": number(count)] }
    return json
  }

  private static func container(
    _ container: UsageSample.Container, _ node: NodeUsage, _ now: Timestamp
  ) -> JSON {
    var json: JSON = ["name": .string(container.name)]
    json["startTime"] = time(container.startTime)
    json["cpu"] = cpu(container.stats.cpu)
    json["memory"] = memory(container.stats.memory)
    if let layer = container.stats.writableLayer {
      var rootfs: JSON = ["time": .string(text(layer.timestamp))]
      set(&rootfs, "usedBytes", layer.usedBytes)
      set(&rootfs, "inodesUsed", layer.usedInodes)
      set(&rootfs, "availableBytes", node.imageFilesystem?.availableBytes)
      set(&rootfs, "capacityBytes", node.imageFilesystem?.capacityBytes)
      json["rootfs"] = rootfs
    }
    return json
  }

  private static func cpu(_ usage: CPUUsage?) -> JSON? {
    guard let usage else { return nil }
    var json: JSON = ["time": .string(text(usage.timestamp))]
    set(&json, "usageNanoCores", usage.usageNanocores)
    set(&json, "usageCoreNanoSeconds", usage.usageCoreNanoseconds)
    return json
  }

  private static func memory(_ usage: MemoryUsage?) -> JSON? {
    guard let usage else { return nil }
    var json: JSON = ["time": .string(text(usage.timestamp))]
    set(&json, "availableBytes", usage.availableBytes)
    set(&json, "usageBytes", usage.usageBytes)
    set(&json, "workingSetBytes", usage.workingSetBytes)
    set(&json, "rssBytes", usage.rssBytes)
    set(&json, "pageFaults", usage.pageFaults)
    set(&json, "majorPageFaults", usage.majorPageFaults)
    return json
  }

  private static func network(_ interfaces: [NetworkUsage], _ now: Timestamp) -> JSON? {
    guard let main = interfaces.first else { return nil }
    func entry(_ usage: NetworkUsage) -> JSON {
      var json: JSON = ["name": .string(usage.interface)]
      set(&json, "rxBytes", usage.receivedBytes)
      set(&json, "rxErrors", usage.receiveErrors)
      set(&json, "txBytes", usage.sentBytes)
      set(&json, "txErrors", usage.sendErrors)
      return json
    }
    var json = entry(main)
    json["time"] = .string(now.text)
    json["interfaces"] = .array(interfaces.map(entry))
    return json
  }

  private static func filesystem(_ capacity: FilesystemCapacity?, _ now: Timestamp) -> JSON? {
    guard let capacity else { return nil }
    return [
      "time": .string(now.text), "availableBytes": number(capacity.availableBytes),
      "capacityBytes": number(capacity.capacityBytes), "usedBytes": number(capacity.usedBytes),
      "inodesFree": number(capacity.freeInodes), "inodes": number(capacity.inodes),
      "inodesUsed": number(capacity.inodes - min(capacity.inodes, capacity.freeInodes)),
    ]
  }

  private static func set(_ json: inout JSON, _ key: String, _ value: UInt64?) {
    if let value { json[key] = number(value) }
  }

  private static func number(_ value: UInt64) -> JSON { .integer(Int64(clamping: value)) }

  private static func time(_ value: Timestamp?) -> JSON? { value.map { .string($0.text) } }

  /// Of nanoseconds since 1970.
  private static func text(_ nanoseconds: Int64) -> String {
    Timestamp(seconds: nanoseconds / 1_000_000_000).text
  }
}
