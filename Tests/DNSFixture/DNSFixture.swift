import Client
import ClientSupport
import DNS
import NIOPosix
import Objects

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The cluster DNS server on a cluster in memory, for checks with real tools: `dns-fixture ADDRESS:PORT [UPSTREAM:PORT]`.
///
/// Objects come as lines of JSON on standard input, each as it is from then on; one with
/// `metadata.deletionTimestamp` is gone. The first line of output says where it listens, once it knows the objects that
/// came before the first empty line. It ends with its input.
@main
struct DNSFixture {
  static func main() async throws {
    let places = CommandLine.arguments.dropFirst().compactMap { place($0) }
    guard let address = places.first, places.count == CommandLine.arguments.count - 1 else {
      print("usage: dns-fixture ADDRESS:PORT [UPSTREAM:PORT]...")
      return
    }
    let api = FakeAPI()
    while let line = readLine(), !line.isEmpty { take(line, api) }
    guard let domain = DNSName("cluster.local"), let range = IPRange("10.96.0.0/16"),
      let own = IPAddress("10.96.0.10")
    else { return }
    let informers = InformerSet(client: APIClient(transport: api, userAgent: "dns-fixture"))
    let server = try DNSServer(
      configuration: DNSServer.Configuration(
        zone: ClusterZone.Configuration(domain: domain, ranges: [range], serverAddresses: [own]),
        addresses: [address], upstreams: Array(places.dropFirst())),
      informers: informers, group: MultiThreadedEventLoopGroup.singleton)
    let bound = try await server.bind()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      group.addTask { await server.run() }
      _ = await eventually { server.isReady }
      print(bound[0])
      // Else it would wait in a buffer if the output is no terminal.
      fflush(nil)
      // Waits on a thread of its own.
      let (lines, continuation) = AsyncStream.makeStream(
        of: String.self, bufferingPolicy: .bufferingOldest(10_000))
      let reader = NIOThreadPool(numberOfThreads: 1)
      reader.start()
      reader.submit { _ in
        while let line = readLine() { continuation.yield(line) }
        continuation.finish()
      }
      for await line in lines { take(line, api) }
      group.cancelAll()
      try? await reader.shutdownGracefully()
    }
    print(server.counters)
  }

  /// The address behind `10.0.0.1:53`.
  private static func place(_ text: String) -> ServerAddress? {
    guard let colon = text.lastIndex(of: ":"), let address = IPAddress(text[..<colon]),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    return ServerAddress(address, port: port)
  }

  private static func take(_ line: String, _ api: FakeAPI) {
    guard let object = try? JSON.parse(Array(line.utf8)), let kind = object["kind"]?.string,
      let resource =
        [("", "Namespace"), ("", "Service"), ("discovery.k8s.io", "EndpointSlice")]
        .compactMap({ Resource.builtIn(group: $0.0, version: "v1", kind: $0.1) }).first(where: {
          $0.kind == kind
        })
    else { return }
    let key = ObjectKey(object)
    if object["metadata", "deletionTimestamp"] == nil {
      api.put(resource, object)
    } else {
      api.remove(resource, key.namespace, key.name)
    }
  }
}
