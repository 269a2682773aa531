extension CPUUsage {
  init(_ message: Runtime_V1_CpuUsage) {
    self.init(
      timestamp: message.timestamp,
      usageCoreNanoseconds: message.hasUsageCoreNanoSeconds ? message.usageCoreNanoSeconds.value : nil,
      usageNanocores: message.hasUsageNanoCores ? message.usageNanoCores.value : nil)
  }
}

extension MemoryUsage {
  init(_ message: Runtime_V1_MemoryUsage) {
    self.init(
      timestamp: message.timestamp,
      workingSetBytes: message.hasWorkingSetBytes ? message.workingSetBytes.value : nil,
      availableBytes: message.hasAvailableBytes ? message.availableBytes.value : nil,
      usageBytes: message.hasUsageBytes ? message.usageBytes.value : nil,
      rssBytes: message.hasRssBytes ? message.rssBytes.value : nil,
      pageFaults: message.hasPageFaults ? message.pageFaults.value : nil,
      majorPageFaults: message.hasMajorPageFaults ? message.majorPageFaults.value : nil)
  }
}

extension NetworkUsage {
  init(_ message: Runtime_V1_NetworkInterfaceUsage) {
    self.init(
      interface: message.name, receivedBytes: message.hasRxBytes ? message.rxBytes.value : nil,
      receiveErrors: message.hasRxErrors ? message.rxErrors.value : nil,
      sentBytes: message.hasTxBytes ? message.txBytes.value : nil,
      sendErrors: message.hasTxErrors ? message.txErrors.value : nil)
  }
}

extension ContainerStats {
  init(_ message: Runtime_V1_ContainerStats) {
    let attributes = message.attributes
    self.init(
      id: attributes.id, metadata: ContainerMetadata(attributes.metadata), labels: attributes.labels,
      annotations: attributes.annotations, cpu: message.hasCpu ? CPUUsage(message.cpu) : nil,
      memory: message.hasMemory ? MemoryUsage(message.memory) : nil,
      writableLayer: message.hasWritableLayer ? FilesystemUsage(message.writableLayer) : nil)
  }
}

extension PodSandboxStats {
  init(_ message: Runtime_V1_PodSandboxStats) {
    let attributes = message.attributes
    let linux = message.linux
    let interfaces =
      (linux.network.hasDefaultInterface ? [linux.network.defaultInterface] : [])
      + linux.network.interfaces
    self.init(
      id: attributes.id, metadata: PodSandboxMetadata(attributes.metadata), labels: attributes.labels,
      annotations: attributes.annotations, cpu: linux.hasCpu ? CPUUsage(linux.cpu) : nil,
      memory: linux.hasMemory ? MemoryUsage(linux.memory) : nil,
      network: interfaces.map { NetworkUsage($0) },
      processCount: linux.process.hasProcessCount ? linux.process.processCount.value : nil,
      containers: linux.containers.map { ContainerStats($0) })
  }
}
