import ContainerRuntime
import Objects
import Testing

@testable import KubeletServer

struct MetricsTests {
  private let stats = PodSandboxStats(
    id: "s1", metadata: PodSandboxMetadata(name: "web", uid: "u1", namespace: "default"),
    cpu: CPUUsage(
      timestamp: 1_700_000_000_123_000_000, usageCoreNanoseconds: 2_500_000_000, usageNanocores: 7),
    memory: MemoryUsage(timestamp: 1_700_000_000_123_000_000, workingSetBytes: 12_345_678),
    network: [NetworkUsage(interface: "eth0", receivedBytes: 5)],
    containers: [
      ContainerStats(
        id: "c2", metadata: ContainerMetadata(name: "main", attempt: 1),
        cpu: CPUUsage(timestamp: 1_700_000_000_000_000_000, usageCoreNanoseconds: 1_500_000_000),
        memory: MemoryUsage(timestamp: 1_700_000_000_000_000_000, workingSetBytes: 1000)),
      ContainerStats(id: "c1", metadata: ContainerMetadata(name: "main", attempt: 0)),
    ])

  @Test func `resource metrics have upstream's names and form`() async {
    let agent = StubAgent(
      objects: [Fixture.pod],
      usage: NodeUsage(
        cpu: CPUUsage(timestamp: 1_700_000_001_000_000_000, usageCoreNanoseconds: 10_250_000_000),
        memory: MemoryUsage(timestamp: 1_700_000_001_000_000_000, workingSetBytes: 2_000_000)))
    let sample = await UsageSample.read(agent: agent, runtime: StubRuntime(sandboxStats: [stats]))
    #expect(
      ResourceMetrics.text(sample) == """
        # HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
        # TYPE container_cpu_usage_seconds_total counter
        container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 1.5 1700000000000
        # HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
        # TYPE container_memory_working_set_bytes gauge
        container_memory_working_set_bytes{container="main",namespace="default",pod="web"} 1000 1700000000000
        # HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
        # TYPE container_start_time_seconds gauge
        container_start_time_seconds{container="main",namespace="default",pod="web"} 1.795881605e+09 1795881605000
        # HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
        # TYPE node_cpu_usage_seconds_total counter
        node_cpu_usage_seconds_total 10.25 1700000001000
        # HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes
        # TYPE node_memory_working_set_bytes gauge
        node_memory_working_set_bytes 2e+06 1700000001000
        # HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
        # TYPE pod_cpu_usage_seconds_total counter
        pod_cpu_usage_seconds_total{namespace="default",pod="web"} 2.5 1700000000123
        # HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
        # TYPE pod_memory_working_set_bytes gauge
        pod_memory_working_set_bytes{namespace="default",pod="web"} 1.2345678e+07 1700000000123
        # HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
        # TYPE resource_scrape_error gauge
        resource_scrape_error 0
        # HELP scrape_error [ALPHA] (Deprecated since 1.29.0) 1 if there was an error while getting container metrics, 0 otherwise
        # TYPE scrape_error gauge
        scrape_error 0

        """)
  }

  @Test func `a runtime without sandbox stats is asked for its containers'`() async {
    var stats = stats.containers[0]
    stats.labels = [
      "io.kubernetes.pod.uid": "u1", "io.kubernetes.pod.name": "web",
      "io.kubernetes.pod.namespace": "default",
    ]
    let sample = await UsageSample.read(agent: StubAgent(), runtime: StubRuntime(stats: [stats]))
    #expect(sample.pods.count == 1 && sample.pods[0].cpu == stats.cpu && !sample.hasFailed)
    let none = await UsageSample.read(agent: StubAgent(), runtime: StubRuntime())
    #expect(ResourceMetrics.text(none).contains("resource_scrape_error 1\n"))
  }

  @Test func `the summary has what is known`() async {
    let agent = StubAgent(
      objects: [Fixture.pod],
      usage: NodeUsage(
        nodeFilesystem: FilesystemCapacity(
          capacityBytes: 100, availableBytes: 40, usedBytes: 50, inodes: 10, freeInodes: 4)))
    let sample = await UsageSample.read(agent: agent, runtime: StubRuntime(sandboxStats: [stats]))
    let summary = StatsSummary.json(sample, nodeName: "n1", now: Timestamp(seconds: 1_700_000_001))
    #expect(
      summary["node"] == [
        "nodeName": "n1",
        "fs": [
          "time": "2023-11-14T22:13:21Z", "availableBytes": 40, "capacityBytes": 100, "usedBytes": 50,
          "inodesFree": 4, "inodes": 10, "inodesUsed": 6,
        ],
      ])
    let pod = summary["pods"]?.array?.first
    #expect(pod?["podRef"] == ["name": "web", "namespace": "default", "uid": "u1"])
    #expect(
      pod?["cpu"] == [
        "time": "2023-11-14T22:13:20Z", "usageNanoCores": 7, "usageCoreNanoSeconds": 2_500_000_000,
      ])
    #expect(pod?["network", "rxBytes"] == 5)
    #expect(pod?["containers"]?.array?.count == 1)
    #expect(pod?["containers"]?.array?.first?["startTime"] == "2026-11-28T16:00:05Z")
  }

  @Test(arguments: [
    (0, "0"), (1, "1"), (0.5, "0.5"), (999_999, "999999"), (1_000_000, "1e+06"), (123_456.5, "123456.5"),
    (0.0001, "0.0001"), (0.000_012_5, "1.25e-05"), (1e22, "1e+22"), (12_345_678, "1.2345678e+07"),
    (4_503_599_627_370_495.5, "4.5035996273704955e+15"), (-2.5, "-2.5"), (.infinity, "+Inf"),
    (2.5e-300, "2.5e-300"),
  ])
  func `numbers are written as Go writes them`(value: Double, text: String) {
    #expect(MetricsText.number(value) == text)
  }

  @Test func `the kernel's numbers are understood`() {
    #expect(
      NodeUsageReader.cpu("cpu  100 1 50 9999 3 2 4 5 7 0\ncpu0 1\n", ticksPerSecond: 100, 9)
        == CPUUsage(timestamp: 9, usageCoreNanoseconds: 1_620_000_000))
    #expect(NodeUsageReader.cpu("nonsense", ticksPerSecond: 100, 9) == nil)
    #expect(NodeUsageReader.startTime("btime 1700000000\n") == Timestamp(seconds: 1_700_000_000))
    #expect(
      NodeUsageReader.memory("MemTotal: 100 kB\nMemFree: 20 kB\nInactive(file): 30 kB\nAnonPages: 1 kB\n", 9)
        == MemoryUsage(
          timestamp: 9, workingSetBytes: 51_200, availableBytes: 51_200, usageBytes: 81_920, rssBytes: 1024))
    #expect(
      NodeUsageReader.network(
        """
        Inter-| Receive | Transmit
         face |bytes
            lo: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0
          eth0: 10 0 1 0 0 0 0 0 20 0 2 0 0 0 0 0
        """)
        == [
          NetworkUsage(interface: "eth0", receivedBytes: 10, receiveErrors: 1, sentBytes: 20, sendErrors: 2)
        ])
    let here = NodeUsageReader(nodeFolder: "/", imageFolder: "/none").read(now: .zero)
    #expect(
      here.cpu != nil && here.memory != nil && here.nodeFilesystem != nil && here.imageFilesystem == nil)
  }
}
