import ContainerRuntime
import Objects

/// How a pod calls itself and finds others: host name, resolv.conf and hosts file.
struct PodNames: Sendable {
  /// What the C library of old takes at most, and the kubelet with it.
  enum Limits {
    static let servers = 3
    static let searches = 32
    static let searchCharacters = 2048
    static let hostname = 63
  }

  let pod: JSON
  let settings: NodeSettings

  /// The host name: the spec's, or the pod's name as far as it goes.
  var hostname: String {
    if let name = pod["spec", "hostnameOverride"]?.string, !name.isEmpty { return name }
    let name = pod["spec", "hostname"]?.string ?? ""
    var text = String((name.isEmpty ? pod.podName : name).prefix(Limits.hostname))
    while let last = text.last, last == "-" || last == "." { text.removeLast() }
    if pod["spec", "setHostnameAsFQDN"]?.boolean == true, !domain.isEmpty { return "\(text).\(domain)" }
    return text
  }

  /// The domain of pods that name a `subdomain`.
  private var domain: String {
    guard let subdomain = pod["spec", "subdomain"]?.string, !subdomain.isEmpty else { return "" }
    return "\(subdomain).\(pod.podNamespace).svc.\(settings.clusterDomain)"
  }

  // MARK: resolv.conf

  /// What the pod's resolv.conf says.
  var dns: DNSConfig {
    let policy = pod["spec", "dnsPolicy"]?.string ?? "ClusterFirst"
    let usesCluster =
      policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && !pod.usesHostNetwork)
    var dns = settings.hostDNS
    if policy == "None" {
      dns = DNSConfig()
    } else if usesCluster, !settings.clusterDNS.isEmpty {
      let domain = settings.clusterDomain
      dns = DNSConfig(
        servers: settings.clusterDNS,
        searches: ["\(pod.podNamespace).svc.\(domain)", "svc.\(domain)", domain] + settings.hostDNS.searches,
        options: ["ndots:5"])
    }
    merge(into: &dns)
    dns.servers = Array(Self.unique(dns.servers).prefix(Limits.servers))
    dns.searches = Self.fitting(Self.unique(dns.searches))
    return dns
  }

  private func merge(into dns: inout DNSConfig) {
    guard let own = pod["spec", "dnsConfig"] else { return }
    dns.servers += (own["nameservers"]?.array ?? []).compactMap(\.string)
    dns.searches += (own["searches"]?.array ?? []).compactMap(\.string)
    for option in own["options"]?.array ?? [] {
      let name = option["name"]?.string ?? ""
      dns.options.removeAll { $0 == name || $0.hasPrefix(name + ":") }
      dns.options.append(option["value"]?.string.map { "\(name):\($0)" } ?? name)
    }
  }

  private static func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  private static func fitting(_ searches: [String]) -> [String] {
    var rest = Limits.searchCharacters
    return searches.prefix(Limits.searches).prefix { search in
      rest -= search.utf8.count + 1
      return rest >= -1
    }.map { $0 }
  }

  // MARK: hosts

  /// The pod's hosts file.
  func hosts(addresses: [String]) -> String {
    var text: String
    if pod.usesHostNetwork {
      text = "# Kubernetes-managed hosts file (host network).\n" + settings.hostsFile
    } else {
      let standard = [
        ("127.0.0.1", "localhost"), ("::1", "localhost ip6-localhost ip6-loopback"),
        ("fe00::0", "ip6-localnet"), ("fe00::0", "ip6-mcastprefix"), ("fe00::1", "ip6-allnodes"),
        ("fe00::2", "ip6-allrouters"),
      ]
      text = "# Kubernetes-managed hosts file.\n"
      for (address, names) in standard { text += "\(address)\t\(names)\n" }
      let short = hostname.hasSuffix("." + domain) ? String(hostname.dropLast(domain.count + 1)) : hostname
      let names = domain.isEmpty ? hostname : "\(short).\(domain)\t\(short)"
      for address in addresses { text += "\(address)\t\(names)\n" }
    }
    let aliases = pod["spec", "hostAliases"]?.array ?? []
    guard !aliases.isEmpty else { return text }
    text += "\n# Entries added by HostAliases.\n"
    for alias in aliases {
      let names = (alias["hostnames"]?.array ?? []).compactMap(\.string).joined(separator: "\t")
      text += "\(alias["ip"]?.string ?? "")\t\(names)\n"
    }
    return text
  }
}
