public import ArgumentParser
public import Bench

/// `bench store`, or `bench` alone.
struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Load an etcd v3 server, or a member inside this process, and measure it.",
    discussion: """
      Without --endpoints a fresh member runs inside this process, in a temporary folder, driven without \
      a network. With --endpoints the requests go to a server over gRPC.

      bench --ops 1e6
      bench put --endpoints 127.0.0.1:2379 --ops 100k --clients 1000 --connections 100
      bench fill --endpoints 127.0.0.1:2379 --key-space 1M
      bench range --endpoints 127.0.0.1:2379 --duration 30s --consistency serializable
      bench txn --endpoints 127.0.0.1:2379 --ops 100k --txn-ops 4 --rw-ratio 3
      bench watch --endpoints 127.0.0.1:2379 --watchers 1000 --ops 1000 --server-pid 4711
      bench watch-get --endpoints 127.0.0.1:2379 --backlog 100k
      bench list --endpoints 127.0.0.1:2379 --mode paginated --limit 500
      bench kubernetes --endpoints 127.0.0.1:2379 --nodes 500 --duration 5m

      Exits with 1 if any request failed. Ctrl-C ends the run early, with a report.
      """)

  @Argument(
    help: ArgumentHelp(
      "What to send.",
      discussion: """
        put, range, txn, fill (each key of the key space once); watch (puts, and many watchers of them), \
        watch-latency (a put and its event), watch-get (history read by watching), lease-keepalive, \
        list (long ranges; fill first with the same --key-space and --value-size), \
        kubernetes (what API servers ask of their store).
        """))
  var workload = Configuration.Workload.put

  @OptionGroup(title: "Target") var target: TargetOptions
  @OptionGroup(title: "Load") var load: LoadOptions
  @OptionGroup(title: "Keys and values") var data: DataOptions
  @OptionGroup(title: "Ranges and transactions") var reads: RequestOptions
  @OptionGroup(title: "Watches, leases, lists, clusters") var traffic: TrafficOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  /// The options as the library takes them.
  func makeConfiguration() -> Configuration {
    var made = Configuration(defaultsOf: workload)
    target.apply(to: &made)
    load.apply(to: &made)
    data.apply(to: &made)
    reads.apply(to: &made)
    traffic.apply(to: &made)
    return made
  }

  func validate() throws {
    do {
      try makeConfiguration().validate()
    } catch {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    Interrupt.install()
    let report: Report
    do {
      report = try Benchmark.run(makeConfiguration(), showsProgress: !output.json)
    } catch let error as Benchmark.CannotStart {
      throw CleanFailure(description: error.description)
    }
    print(output.json ? report.json : report.text)
    if !report.isClean { throw ExitCode.failure }
    if report.isInterrupted { throw ExitCode(130) }
  }
}

extension Configuration.Workload: ExpressibleByArgument {}
extension Configuration.WatchMode: ExpressibleByArgument {}
extension Configuration.ListMode: ExpressibleByArgument {}
extension Configuration.KeyOrder: ExpressibleByArgument {}
extension Configuration.Consistency: ExpressibleByArgument {}
