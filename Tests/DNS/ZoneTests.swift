import Client
import DNS
import Objects
import Testing

@Suite struct `names of services` {
  let web = service("web", addresses: ["10.96.0.1"], ports: [port("http", 80), port("dns", 53, "UDP")])

  @Test func `a service has the addresses of its families`() throws {
    let zone = try zone(
      web, service("dual", addresses: ["10.96.0.2", "fd00::2"]), service("six", addresses: ["fd00::6"]))
    #expect(try zone.ask("web.default.svc.cluster.local") == ["web.default.svc.cluster.local. A 10.96.0.1"])
    #expect(try zone.ask("web.default.svc.cluster.local", .aaaa) == ["NODATA cluster.local."])
    #expect(try zone.ask("web.default.svc.cluster.local", .txt) == ["NODATA cluster.local."])
    #expect(try zone.ask("dual.default.svc.cluster.local") == ["dual.default.svc.cluster.local. A 10.96.0.2"])
    #expect(
      try zone.ask("dual.default.svc.cluster.local", .aaaa) == [
        "dual.default.svc.cluster.local. AAAA fd00::2"
      ])
    #expect(try zone.ask("six.default.svc.cluster.local") == ["NODATA cluster.local."])
    #expect(try zone.ask("no.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("web.other.svc.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `answers live for five seconds, and so does their absence`() throws {
    let zone = try zone(web)
    guard
      case .found(let answers, _, _) = zone.lookup(
        try name("web.default.svc.cluster.local"), .a, rotation: 0)
    else {
      Issue.record("no answer")
      return
    }
    #expect(answers.map(\.timeToLive) == [5])
    guard
      case .nothing(_, _, let authority) = zone.lookup(try name("x.cluster.local"), .a, rotation: 0)
    else {
      Issue.record("an answer")
      return
    }
    #expect(authority.timeToLive == 5)
    #expect(
      authority.line
        == "cluster.local. SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5")
  }

  @Test func `the client's spelling is kept, and does not matter`() throws {
    #expect(
      try zone(web).ask("wEb.DEFAULT.svc.Cluster.Local") == ["wEb.DEFAULT.svc.Cluster.Local. A 10.96.0.1"])
  }

  @Test func `named ports are found by name, all ports by the service`() throws {
    let zone = try zone(
      web, service("plain", addresses: ["10.96.0.3"], ports: [port("", 8080)]))
    #expect(
      try zone.ask("_http._tcp.web.default.svc.cluster.local", .srv) == [
        "+ web.default.svc.cluster.local. A 10.96.0.1",
        "_http._tcp.web.default.svc.cluster.local. SRV 0 100 80 web.default.svc.cluster.local.",
      ])
    #expect(
      try zone.ask("_dns._udp.web.default.svc.cluster.local", .srv) == [
        "+ web.default.svc.cluster.local. A 10.96.0.1",
        "_dns._udp.web.default.svc.cluster.local. SRV 0 100 53 web.default.svc.cluster.local.",
      ])
    #expect(
      try zone.ask("web.default.svc.cluster.local", .srv) == [
        "+ web.default.svc.cluster.local. A 10.96.0.1",
        "web.default.svc.cluster.local. SRV 0 100 53 web.default.svc.cluster.local.",
        "web.default.svc.cluster.local. SRV 0 100 80 web.default.svc.cluster.local.",
      ])
    #expect(
      try zone.ask("plain.default.svc.cluster.local", .srv) == [
        "+ plain.default.svc.cluster.local. A 10.96.0.3",
        "plain.default.svc.cluster.local. SRV 0 100 8080 plain.default.svc.cluster.local.",
      ])
    #expect(try zone.ask("_http._udp.web.default.svc.cluster.local", .srv) == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("_http._tcp.web.default.svc.cluster.local") == ["NODATA cluster.local."])
    #expect(try zone.ask("_tcp.web.default.svc.cluster.local", .srv) == ["NODATA cluster.local."])
    #expect(try zone.ask("_tcp.plain.default.svc.cluster.local", .srv) == ["NXDOMAIN cluster.local."])
  }

  @Test func `cluster addresses have names`() throws {
    let zone = try zone(web, service("six", addresses: ["fd00::6"]))
    #expect(
      try zone.ask("1.0.96.10.in-addr.arpa", .ptr) == [
        "1.0.96.10.in-addr.arpa. PTR web.default.svc.cluster.local."
      ])
    let six = try address("fd00::6").reverseName.description
    #expect(try zone.ask(six, .ptr) == ["\(six) PTR six.default.svc.cluster.local."])
    #expect(try zone.ask(six) == ["NODATA \(six)"])
  }

  @Test func `reverse zones of the cluster are answered here, all others elsewhere`() throws {
    let zone = try zone(web, ranges: ["10.96.0.0/16", "172.16.0.0/12", "192.0.2.0/25", "fd00:1::/30"])
    #expect(try zone.ask("2.0.96.10.in-addr.arpa", .ptr) == ["NXDOMAIN 96.10.in-addr.arpa."])
    #expect(try zone.ask("0.96.10.in-addr.arpa", .ptr) == ["NODATA 96.10.in-addr.arpa."])
    #expect(try zone.ask("96.10.in-addr.arpa", .ptr) == ["NODATA 96.10.in-addr.arpa."])
    #expect(
      try zone.ask("96.10.in-addr.arpa", .soa) == [
        "96.10.in-addr.arpa. SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5"
      ])
    #expect(try zone.ask("10.in-addr.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("1.0.97.10.in-addr.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("x.2.0.96.10.in-addr.arpa", .ptr) == ["NXDOMAIN 96.10.in-addr.arpa."])
    #expect(try zone.ask("1.1.17.172.in-addr.arpa", .ptr) == ["NXDOMAIN 17.172.in-addr.arpa."])
    #expect(try zone.ask("31.172.in-addr.arpa", .ptr) == ["NODATA 31.172.in-addr.arpa."])
    #expect(try zone.ask("1.1.32.172.in-addr.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("1.2.0.192.in-addr.arpa", .ptr) == ["NODATA 1.2.0.192.in-addr.arpa."])
    #expect(try zone.ask("128.2.0.192.in-addr.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("3.0.0.0.0.0.d.f.ip6.arpa", .ptr) == ["NODATA 3.0.0.0.0.0.d.f.ip6.arpa."])
    #expect(try zone.ask("9.3.0.0.0.0.0.d.f.ip6.arpa", .ptr) == ["NXDOMAIN 3.0.0.0.0.0.d.f.ip6.arpa."])
    #expect(try zone.ask("4.0.0.0.0.0.d.f.ip6.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("0.0.0.0.0.d.f.ip6.arpa", .ptr) == ["elsewhere"])
    #expect(try zone.ask("arpa", .ptr) == ["elsewhere"])
  }

  @Test func `an external name is an alias, followed within the zone`() throws {
    let zone = try zone(
      web, externalService("out", "www.Example.com"), externalService("in", "web.default.svc.cluster.local"),
      externalService("lost", "gone.default.svc.cluster.local"),
      externalService("around", "around.default.svc.cluster.local"), externalService("bad", "a..b"))
    #expect(
      try zone.ask("Out.default.svc.cluster.local") == [
        "Out.default.svc.cluster.local. CNAME www.Example.com.", "→ www.Example.com.",
      ])
    #expect(
      try zone.ask("out.default.svc.cluster.local", .cname) == [
        "out.default.svc.cluster.local. CNAME www.Example.com."
      ])
    #expect(
      try zone.ask("in.default.svc.cluster.local") == [
        "in.default.svc.cluster.local. CNAME web.default.svc.cluster.local.",
        "web.default.svc.cluster.local. A 10.96.0.1",
      ])
    #expect(
      try zone.ask("lost.default.svc.cluster.local") == [
        "lost.default.svc.cluster.local. CNAME gone.default.svc.cluster.local.", "NXDOMAIN cluster.local.",
      ])
    #expect(try zone.ask("around.default.svc.cluster.local").count == 9)
    #expect(try zone.ask("bad.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `the zone's own names`() throws {
    let zone = try zone(web)
    #expect(try zone.ask("dns-version.cluster.local", .txt) == ["dns-version.cluster.local. TXT \"1.1.0\""])
    #expect(
      try zone.ask("cluster.local", .soa) == [
        "cluster.local. SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5"
      ])
    #expect(
      try zone.ask("cluster.local", .ns) == [
        "+ ns.dns.cluster.local. A 10.96.0.10", "cluster.local. NS ns.dns.cluster.local.",
      ])
    #expect(try zone.ask("ns.dns.cluster.local") == ["ns.dns.cluster.local. A 10.96.0.10"])
    for name in ["cluster.local", "svc.cluster.local", "pod.cluster.local", "default.svc.cluster.local"] {
      #expect(try zone.ask(name) == ["NODATA cluster.local."])
    }
    for name in ["x.cluster.local", "other.svc.cluster.local", "x.web.default.svc.cluster.local"] {
      #expect(try zone.ask(name) == ["NXDOMAIN cluster.local."])
    }
    for name in [".", "local", "xcluster.local", "web.default", "example.com"] {
      #expect(try zone.ask(name) == ["elsewhere"])
    }
    // Not the zone: the label before it only ends like it.
    #expect(try zone.ask("a\\007cluster.local") == ["elsewhere"])
    #expect(
      try zone.ask("web.default.svc.cluster.local", .any) == ["web.default.svc.cluster.local. A 10.96.0.1"])
    #expect(try zone.ask("*.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `a zone must have a name that leaves room`() throws {
    for text in [".", String(repeating: "a.", count: 124)] {
      #expect(ClusterZone(ClusterZone.Configuration(domain: try name(text)), serial: 0) == nil)
    }
  }
}

@Suite struct `names of endpoints` {
  let headless = service("db", addresses: ["None"], ports: [port("sql", 5432)])
  let members = slice(
    "db-1", of: "db", ports: [port("sql", 5432)], endpoint("10.0.0.1", hostname: "db-0", ready: true),
    endpoint("10.0.0.2", ready: true), endpoint("10.0.0.3", hostname: "db-2", ready: false))

  @Test func `a headless service has the addresses of its ready endpoints`() throws {
    let zone = try zone(headless, members)
    #expect(
      try zone.ask("db.default.svc.cluster.local") == [
        "db.default.svc.cluster.local. A 10.0.0.1", "db.default.svc.cluster.local. A 10.0.0.2",
      ])
    #expect(try zone.ask("db.default.svc.cluster.local", .aaaa) == ["NODATA cluster.local."])
    #expect(
      try zone.ask("DB-0.db.default.svc.cluster.local") == ["DB-0.db.default.svc.cluster.local. A 10.0.0.1"])
    #expect(
      try zone.ask("10-0-0-2.db.default.svc.cluster.local") == [
        "10-0-0-2.db.default.svc.cluster.local. A 10.0.0.2"
      ])
    #expect(try zone.ask("10-0-0-1.db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("db-2.db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(
      try zone.ask("_sql._tcp.db.default.svc.cluster.local", .srv) == [
        "+ 10-0-0-2.db.default.svc.cluster.local. A 10.0.0.2",
        "+ db-0.db.default.svc.cluster.local. A 10.0.0.1",
        "_sql._tcp.db.default.svc.cluster.local. SRV 0 100 5432 10-0-0-2.db.default.svc.cluster.local.",
        "_sql._tcp.db.default.svc.cluster.local. SRV 0 100 5432 db-0.db.default.svc.cluster.local.",
      ])
    #expect(
      try zone.ask("1.0.0.10.in-addr.arpa", .ptr) == [
        "1.0.0.10.in-addr.arpa. PTR db-0.db.default.svc.cluster.local."
      ])
    #expect(try zone.ask("3.0.0.10.in-addr.arpa", .ptr) == ["elsewhere"])
  }

  @Test func `without ready endpoints the name does not exist`() throws {
    #expect(try zone(headless).ask("db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    let unready = slice("db-1", of: "db", endpoint("10.0.0.1", ready: false))
    #expect(try zone(headless, unready).ask("db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `a service may publish endpoints that are not ready`() throws {
    let publishing = service("db", addresses: ["None"], publishesUnready: true)
    var zone = try zone(publishing, members)
    #expect(
      try zone.ask("db-2.db.default.svc.cluster.local") == ["db-2.db.default.svc.cluster.local. A 10.0.0.3"])
    zone.set(headless)
    #expect(try zone.ask("db-2.db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `endpoints without a word on readiness are ready`() throws {
    let zone = try zone(headless, slice("db-1", of: "db", endpoint("10.0.0.1")))
    #expect(try zone.ask("db.default.svc.cluster.local") == ["db.default.svc.cluster.local. A 10.0.0.1"])
  }

  @Test func `endpoints of one name, several slices and version 6`() throws {
    var six = slice("db-6", of: "db", endpoint("fd00::a", hostname: "db-0"))
    six["addressType"] = "IPv6"
    let zone = try zone(
      headless, members, six, slice("db-2", of: "db", endpoint("10.0.0.9", "10.0.0.1", hostname: "db-0")))
    #expect(
      try zone.ask("db-0.db.default.svc.cluster.local") == [
        "db-0.db.default.svc.cluster.local. A 10.0.0.1", "db-0.db.default.svc.cluster.local. A 10.0.0.9",
      ])
    #expect(
      try zone.ask("db-0.db.default.svc.cluster.local", .aaaa) == [
        "db-0.db.default.svc.cluster.local. AAAA fd00::a"
      ])
    #expect(try zone.ask("db.default.svc.cluster.local").count == 3)
  }

  @Test func `only headless services have endpoints in their names`() throws {
    var zone = try zone(service("db", addresses: ["10.96.0.5"]), members)
    #expect(try zone.ask("db.default.svc.cluster.local") == ["db.default.svc.cluster.local. A 10.96.0.5"])
    #expect(try zone.ask("db-0.db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    zone.set(headless)
    #expect(try zone.ask("db.default.svc.cluster.local").count == 2)
    #expect(try zone.ask("5.0.96.10.in-addr.arpa", .ptr) == ["NXDOMAIN 96.10.in-addr.arpa."])
  }

  @Test func `records begin with another one for each rotation`() throws {
    let zone = try zone(
      headless, slice("db-1", of: "db", endpoint("10.0.0.1"), endpoint("10.0.0.2"), endpoint("10.0.0.3")))
    let firsts = try (0..<6).map { rotation in
      let all = try zone.ask("db.default.svc.cluster.local", rotation: rotation)
      #expect(Set(all).count == 3)
      return all[0]
    }
    #expect(Set(firsts).count == 3)
    #expect(firsts.prefix(3) == firsts.suffix(3))
    #expect(try zone.ask("db.default.svc.cluster.local", rotation: -1).count == 3)
  }
}

@Suite struct `names of pods` {
  let pod: JSON = [
    "kind": "Pod", "metadata": ["namespace": "default", "name": "web-1"],
    "status": ["phase": "Running", "podIP": "10.0.0.1", "podIPs": [["ip": "10.0.0.1"], ["ip": "fd00::1"]]],
  ]

  @Test func `any address is a name in a namespace that exists`() throws {
    var zone = try zone()
    #expect(
      try zone.ask("10-0-0-1.default.pod.cluster.local") == ["10-0-0-1.default.pod.cluster.local. A 10.0.0.1"]
    )
    #expect(
      try zone.ask("FD00--1.Default.pod.cluster.local", .aaaa) == [
        "FD00--1.Default.pod.cluster.local. AAAA fd00::1"
      ])
    #expect(try zone.ask("10-0-0-1.default.pod.cluster.local", .aaaa) == ["NODATA cluster.local."])
    for label in ["10-0-0", "10-0-0-256", "x-0-0-1", "web", "10-0-0-1-2", "x.10-0-0-1"] {
      #expect(try zone.ask("\(label).default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
    }
    #expect(try zone.ask("10-0-0-1.other.pod.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("default.pod.cluster.local") == ["NODATA cluster.local."])
    zone.setNamespace("default", isThere: false)
    #expect(try zone.ask("10-0-0-1.default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `or only those of pods`() throws {
    var zone = try zone(pod, podRecords: .verified)
    #expect(
      try zone.ask("10-0-0-1.default.pod.cluster.local") == ["10-0-0-1.default.pod.cluster.local. A 10.0.0.1"]
    )
    #expect(
      try zone.ask("fd00--1.default.pod.cluster.local", .aaaa) == [
        "fd00--1.default.pod.cluster.local. AAAA fd00::1"
      ])
    #expect(try zone.ask("10-0-0-2.default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
    var done = pod
    done["status", "phase"] = "Succeeded"
    zone.set(done)
    #expect(try zone.ask("10-0-0-1.default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
  }

  @Test func `or none`() throws {
    let zone = try zone(pod, podRecords: .none)
    #expect(try zone.ask("10-0-0-1.default.pod.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("pod.cluster.local") == ["NXDOMAIN cluster.local."])
  }
}

@Suite struct `changes of the zone` {
  @Test func `what an object brought goes with it`() throws {
    var zone = try zone()
    let before = zone.nameCount
    let objects = [
      service("web", addresses: ["10.96.0.1", "fd00::1"], ports: [port("http", 80)]),
      service("db", namespace: "other", addresses: ["None"]),
      slice("a", of: "db", namespace: "other", ports: [port("sql", 1)], endpoint("10.0.0.1")),
      externalService("out", "example.com"),
    ]
    for object in objects { zone.set(object) }
    let full = zone.nameCount
    #expect(full > before)
    let serial = zone.serial
    // The same again is no change.
    for object in objects { zone.set(object) }
    #expect(zone.serial == serial)
    for object in objects { zone.remove(object) }
    #expect(zone.nameCount == before)
    // In any order.
    for object in objects.reversed() { zone.set(object) }
    #expect(zone.nameCount == full)
    for object in objects { zone.remove(object) }
    #expect(zone.nameCount == before)
    #expect(zone.serial > serial)
  }

  @Test func `a slice can come before its service, and go to another`() throws {
    var zone = try zone(slice("a", of: "db", endpoint("10.0.0.1")))
    #expect(try zone.ask("db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    zone.set(service("db", addresses: ["None"]))
    zone.set(service("new", addresses: ["None"]))
    #expect(try zone.ask("db.default.svc.cluster.local") == ["db.default.svc.cluster.local. A 10.0.0.1"])
    zone.set(slice("a", of: "new", endpoint("10.0.0.1")))
    #expect(try zone.ask("db.default.svc.cluster.local") == ["NXDOMAIN cluster.local."])
    #expect(try zone.ask("new.default.svc.cluster.local") == ["new.default.svc.cluster.local. A 10.0.0.1"])
  }

  @Test func `a record stays as long as there is a reason`() throws {
    var zone = try zone(
      service("db", addresses: ["None"]), slice("a", of: "db", endpoint("10.0.0.1"), endpoint("10.0.0.2")),
      slice("b", of: "db", endpoint("10.0.0.1")))
    zone.set(slice("a", of: "db", endpoint("10.0.0.2")))
    #expect(try zone.ask("db.default.svc.cluster.local").count == 2)
    zone.remove(slice("b", of: "db"))
    #expect(try zone.ask("db.default.svc.cluster.local") == ["db.default.svc.cluster.local. A 10.0.0.2"])
  }

  @Test func `many random changes leave what a zone made anew has`() throws {
    var random = SplitMix(state: 12)
    var changed = try zone(podRecords: .verified)
    var objects: [String: JSON] = [:]
    func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    for _ in 0..<1500 {
      let object: JSON
      let name = "s\(pick(4))"
      switch pick(3) {
      case 0:
        let addresses = [["None"], ["10.96.0.\(pick(3))"], [], ["10.96.0.\(pick(3))", "fd00::\(pick(3))"]]
        object = service(
          name, addresses: addresses[pick(4)], ports: [port("p\(pick(2))", 80)],
          publishesUnready: pick(3) == 0)
      case 1:
        var made = slice("x\(pick(6))", of: name, ports: [port("p\(pick(2))", 80)])
        made["endpoints"] = .array(
          (0..<pick(40)).map { _ in
            endpoint("10.0.0.\(pick(60))", hostname: pick(4) == 0 ? "h\(pick(3))" : nil, ready: pick(4) > 0)
          })
        object = made
      default: object = externalService(name, "s\(pick(4)).default.svc.cluster.local")
      }
      let key = "\(object["kind"]?.string ?? "")/\(ObjectKey(object))"
      if pick(5) == 0 {
        changed.remove(object)
        objects[key] = nil
      } else {
        changed.set(object)
        objects[key] = object
      }
    }
    var anew = try zone(podRecords: .verified)
    for (_, object) in objects.sorted(by: { $0.key < $1.key }) { anew.set(object) }
    #expect(changed.nameCount == anew.nameCount)
    for service in 0..<4 {
      let name = "s\(service).default.svc.cluster.local"
      for host in ["", "h0.", "h1.", "h2.", "10-0-0-5.", "_p0._tcp.", "_p1._tcp."] {
        for type in [RecordType.a, .aaaa, .srv, .cname] {
          #expect(try changed.ask(host + name, type) == anew.ask(host + name, type))
        }
      }
    }
    for host in 0..<60 {
      let name = "\(host).0.0.10.in-addr.arpa"
      #expect(try changed.ask(name, .ptr) == anew.ask(name, .ptr))
    }
    for object in objects.values { changed.remove(object) }
    #expect(changed.nameCount == (try zone(podRecords: .verified)).nameCount)
  }
}
