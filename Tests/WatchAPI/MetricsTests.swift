import GRPC
import Synchronization
import Testing

@testable import WatchAPI

struct MetricsTests {
  @Test func textFormat() {
    let registry = MetricsRegistry()
    let counter = registry.counter("b_total", help: "Bs.", labels: [("kind", "x\"y\\z\n")])
    counter.increment()
    counter.increment(by: 4)
    registry.gauge("a_value", help: "As.") { 1.5 }
    registry.gauge("a_value", help: "As.", labels: [("of", "many")]) { .infinity }
    let histogram = registry.histogram("c_seconds", help: "Cs.", labels: [("l", "1")], bounds: [0.5, 1])
    for value in [0.25, 0.5, 0.75, 3] { histogram.observe(value) }
    #expect(
      registry.text == """
        # HELP a_value As.
        # TYPE a_value gauge
        a_value 1.5
        a_value{of="many"} +Inf
        # HELP b_total Bs.
        # TYPE b_total counter
        b_total{kind="x\\"y\\\\z\\n"} 5
        # HELP c_seconds Cs.
        # TYPE c_seconds histogram
        c_seconds_bucket{l="1",le="0.5"} 2
        c_seconds_bucket{l="1",le="1"} 3
        c_seconds_bucket{l="1",le="+Inf"} 4
        c_seconds_sum{l="1"} 4.5
        c_seconds_count{l="1"} 4

        """)
  }

  @Test func readsWhatIsKeptElsewhere() {
    let registry = MetricsRegistry()
    registry.histogram("etcd_disk_wal_fsync_duration_seconds", help: "Syncs.") {
      HistogramSnapshot(bounds: [0.001], counts: [2, 1], sum: 0.25)
    }
    registry.counter("x_total", help: "Xs.") { 9_007_199_254_740_991 }
    #expect(registry.text.contains("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 2\n"))
    #expect(registry.text.contains("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} 3\n"))
    #expect(registry.text.contains("\nx_total 9007199254740991\n"))
  }

  @Test func peersComeAndGo() {
    let registry = MetricsRegistry()
    let traffic = Mutex<[PeerTraffic]>([])
    registry.registerPeers(of: 0xA) { traffic.withLock { $0 } }
    #expect(!registry.text.contains("{"))
    var peer = PeerTraffic(
      member: 0xB, roundTrips: HistogramSnapshot(bounds: [0.5], counts: [1, 0], sum: 0.25))
    peer.sentBytes = 7
    peer.isActive = true
    traffic.withLock { $0 = [peer, PeerTraffic(member: 0xC, roundTrips: peer.roundTrips)] }
    for line in [
      "etcd_network_peer_sent_bytes_total{To=\"b\"} 7", "etcd_network_peer_sent_bytes_total{To=\"c\"} 0",
      "etcd_network_peer_received_bytes_total{From=\"b\"} 0",
      "etcd_network_active_peers{Local=\"a\",Remote=\"b\"} 1",
      "etcd_network_active_peers{Local=\"a\",Remote=\"c\"} 0",
      "etcd_network_peer_round_trip_time_seconds_bucket{To=\"b\",le=\"0.5\"} 1",
      "# TYPE etcd_network_disconnected_peers_total counter",
    ] {
      #expect(registry.text.contains(line + "\n"), "\(line)")
    }
  }

  @Test func countsFromManyThreads() async {
    let histogram = Histogram(bounds: [1])
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<1000 {
            counter.increment()
            histogram.observe(0.5)
          }
        }
      }
    }
    #expect(counter.current == 4000)
    #expect(histogram.snapshot.counts == [4000, 0])
    #expect(histogram.snapshot.sum == 2000)
  }

  @Test func countsCallsByOutcome() {
    let registry = MetricsRegistry()
    let metrics = MethodMetrics("/etcdserverpb.KV/Put", type: "unary", registry: registry)
    metrics.start()
    metrics.handled(.outOfRange)
    let labels = #"grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary""#
    #expect(registry.text.contains("grpc_server_started_total{\(labels)} 1\n"))
    #expect(registry.text.contains("grpc_server_handled_total{grpc_code=\"OutOfRange\",\(labels)} 1\n"))
    #expect(registry.text.contains("grpc_server_handled_total{grpc_code=\"OK\",\(labels)} 0\n"))
  }

  @Test func parsesProcessFiles() {
    let stat = "42 (a b) c) S 1 2 3 4 5 6 7 8 9 10 700 300 0 0 20 0 5 0 12345 8192 17 x"
    #expect(ProcessMetrics.field(14, ofStat: stat) == 700)
    #expect(ProcessMetrics.field(15, ofStat: stat) == 300)
    #expect(ProcessMetrics.field(22, ofStat: stat) == 12345)
    #expect(ProcessMetrics.field(24, ofStat: stat) == 17)
    #expect(ProcessMetrics.field(99, ofStat: stat) == 0)
    #expect(ProcessMetrics.field(14, ofStat: "") == 0)
    #expect(ProcessMetrics.bootTime(ofStat: "cpu 1\nbtime 1700000000\n") == 1_700_000_000)
    #expect(ProcessMetrics.contents("/nonexistent") == "")
  }

  @Test func showsThisProcess() throws {
    let registry = MetricsRegistry()
    registry.registerProcess()
    func value(_ name: String) throws -> Double {
      let line = try #require(registry.text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
      return try #require(Double(line.dropFirst(name.count + 1)))
    }
    #expect(try value("process_resident_memory_bytes") > 1_048_576)
    #expect(try value("process_virtual_memory_bytes") > 1_048_576)
    #expect(try value("process_open_fds") >= 1)
    #expect(try value("process_max_fds") >= 16)
    #expect(try value("process_start_time_seconds") > 1_600_000_000)
  }
}
