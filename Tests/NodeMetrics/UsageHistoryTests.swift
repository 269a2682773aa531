import Testing

@testable import NodeMetrics

struct UsageHistoryTests {
  private func sample(_ seconds: Double, at time: Int64) -> NodeSample {
    NodeSample(
      metrics: """
        node_cpu_usage_seconds_total \(seconds) \(time)
        node_memory_working_set_bytes 5 \(time)
        """)
  }

  @Test func `rates are those between the last two samples`() {
    var history = UsageHistory()
    history.add(sample(10, at: 1000), of: "n")
    #expect(history.usage(ofNode: "n") == nil)
    // The same again is nothing new.
    history.add(sample(10, at: 1000), of: "n")
    #expect(history.usage(ofNode: "n") == nil)
    history.add(sample(11, at: 3000), of: "n")
    let usage = UsageHistory.Usage(
      nanocores: 500_000_000, memoryBytes: 5, timestamp: 3000, windowMilliseconds: 2000)
    #expect(history.usage(ofNode: "n") == usage)
    history.add(sample(11, at: 3000), of: "n")
    #expect(history.usage(ofNode: "n") == usage)
    // It was started anew.
    history.add(sample(1, at: 5000), of: "n")
    #expect(history.usage(ofNode: "n") == nil)
    history.keep([])
    #expect(history.isEmpty)
  }

  @Test func `metrics are parsed`() {
    #expect(
      MetricsParser.samples(
        """
        # HELP a b
        plain 1.5
        timed{} 2 77
        labels{a="x,y}",b="q\\"\\\\\\n"} +Inf 1

        """)
        == [
          MetricsParser.Sample(name: "plain", labels: [:], value: 1.5, timestamp: nil),
          MetricsParser.Sample(name: "timed", labels: [:], value: 2, timestamp: 77),
          MetricsParser.Sample(
            name: "labels", labels: ["a": "x,y}", "b": "q\"\\\n"], value: .infinity, timestamp: 1),
        ])
  }

  @Test(arguments: [
    "x", "x{", "x{a", "x{a=", "x{a=\"", "x{a=\"b", "x{a=\"b\\", "x{a=\"b\"", "x{a=\"b\"}", "x y", "x 1 2 3",
    "{} ",
  ])
  func `what is no metric is left out`(line: String) { #expect(MetricsParser.samples(line) == []) }

  @Test func `what makes no sense is no sample`() {
    let sample = NodeSample(
      metrics: """
        node_cpu_usage_seconds_total -1 5
        node_memory_working_set_bytes 5
        container_cpu_usage_seconds_total{pod="x"} 5 5
        container_cpu_usage_seconds_total{container="c",namespace="n",pod="x"} 5
        container_memory_working_set_bytes{container="c",namespace="n",pod="x"} 5
        """)
    #expect(sample.node == nil && sample.containers.isEmpty)
  }
}
