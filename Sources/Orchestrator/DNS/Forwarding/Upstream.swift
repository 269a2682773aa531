/// Where a name server listens, or is to listen.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  /// Its address.
  public var address: IPAddress
  /// Its port, for UDP and TCP.
  public var port: UInt16

  /// A place; by default with the port of name servers.
  public init(_ address: IPAddress, port: UInt16 = 53) {
    self.address = address
    self.port = port
  }

  /// `10.96.0.10:53`, `[fd00::10]:53`.
  public var description: String {
    if case .v4 = address { "\(address):\(port)" } else { "[\(address)]:\(port)" }
  }
}

/// What a machine's `resolv.conf` says of name servers. Search lists are the clients'.
public struct ResolverConfiguration: Sendable, Hashable {
  /// In the order of the file, each once.
  public var servers: [ServerAddress] = []
  /// Lines that name a server in a way that cannot be used, such as a link-local address.
  public var unusableLines: [String] = []

  /// Reads the file. Other lines are skipped, as resolvers do.
  public init(parsing text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.first == "nameserver" else { continue }
      guard words.count > 1, let address = IPAddress(words[1]), !address.isUnspecified else {
        unusableLines.append(String(line.prefix(200)))
        continue
      }
      let server = ServerAddress(address)
      if !servers.contains(server), servers.count < DNSLimits.upstreams { servers.append(server) }
    }
  }

  /// The servers without the one that asks: it would ask itself.
  ///
  /// - Parameters:
  ///   - own: where the server listens; an unspecified address stands for all loopback addresses too.
  ///   - clusterAddresses: where clients of the cluster find it.
  public func upstreams(excluding own: [ServerAddress], clusterAddresses: [IPAddress]) -> [ServerAddress] {
    servers.filter { server in
      !clusterAddresses.contains(server.address)
        && !own.contains { own in
          own.port == server.port
            && (own.address == server.address || own.address.isUnspecified && server.address.isLoopback)
        }
    }
  }
}
