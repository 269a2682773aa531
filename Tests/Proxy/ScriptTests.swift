import Objects
import Proxy
import Testing

/// The kernel's tables, as far as scripts change them; says what nft would not take.
private struct Kernel {
  var content = NFTables()
  var problems: [String] = []

  mutating func run(_ script: String) {
    for line in script.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true).map(String.init)
      guard words.count >= 4, "\(words[2]) \(words[3])" == NFTables.table else {
        problems.append(String(line))
        continue
      }
      let rest = words.count > 4 ? words[4] : ""
      let name = rest.split(separator: " ").first.map(String.init) ?? ""
      let tail = String(rest.dropFirst(name.count)).trimmingPrefix(" ")
      switch "\(words[0]) \(words[1])" {
      case "add table", "add map": break
      case "delete table": content = NFTables()
      case "add chain": if content.chains[name] == nil { content.chains[name] = [] }
      case "flush chain":
        if content.chains[name] == nil { problems.append(String(line)) }
        content.chains[name] = []
      case "delete chain":
        if content.chains[name] != [] || isUsed("goto \(name)") { problems.append(String(line)) }
        content.chains[name] = nil
      case "add rule":
        if content.chains[name] == nil { problems.append(String(line)) }
        content.chains[name, default: []].append(String(tail))
      case "add set":
        let seconds = tail.firstMatch(of: #/timeout (\d+)s/#).flatMap { Int($0.1) } ?? -1
        if let there = content.sets[name], there != seconds { problems.append(String(line)) }
        content.sets[name] = seconds
      case "delete set":
        if isUsed("@\(name)") || content.sets[name] == nil { problems.append(String(line)) }
        content.sets[name] = nil
      case "add element", "delete element":
        let inside = tail.dropFirst(2).dropLast(2)
        guard let map = NFTables.Map(rawValue: name) else {
          problems.append(String(line))
          continue
        }
        let parts = inside.split(separator: " : ").map(String.init)
        let key = NFTables.Key(map: map, text: parts[0])
        if words[0] == "add" {
          if content.elements[key] != nil { problems.append(String(line)) }
          content.elements[key] = parts[1]
        } else {
          if content.elements[key] == nil { problems.append(String(line)) }
          content.elements[key] = nil
        }
      default: problems.append(String(line))
      }
    }
  }

  private func isUsed(_ text: String) -> Bool {
    func ends(_ rule: String) -> Bool {
      rule.split(whereSeparator: { " ,".contains($0) }).joined(separator: " ").contains(text + " ")
        || rule.hasSuffix(text)
    }
    return content.chains.values.joined().contains(where: ends)
      || content.elements.values.contains(where: ends)
  }
}

private struct Generator {
  var state: UInt64
  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
}

@Suite struct ScriptTests {
  /// Changes one after the other give what all of them at once give, whatever they are.
  @Test(arguments: 0..<20)
  func `changes add up`(seed: Int) {
    var random = Generator(state: UInt64(seed))
    var table = ServiceTable(node: "me", clusterCIDR: "10.1.0.0/16")
    var kernel = Kernel()
    kernel.run(NFTablesScript.replacing(with: table.rules))
    var leftovers = NFTablesScript.Leftovers()
    for step in 0..<120 {
      for _ in 0...random.below(3) { change(&table, &random) }
      let (old, _) = table.update()
      let (script, left) = NFTablesScript.update(from: old, to: table.rules)
      if let script { kernel.run(script) }
      leftovers.add(left, except: table.rules)
      if random.below(3) == 0 {
        kernel.run(leftovers.removal)
        leftovers = NFTablesScript.Leftovers()
      }
      var expected = table.rules
      for name in leftovers.chains { expected.chains[name] = [] }
      for name in leftovers.sets { expected.sets[name] = kernel.content.sets[name] }
      let frame = kernel.content.chains.filter { !$0.key.contains("/") }
      expected.chains.merge(frame) { $1 }
      #expect(kernel.content == expected, "seed \(seed), step \(step)")
      #expect(kernel.problems == [], "seed \(seed), step \(step)")
      guard kernel.problems.isEmpty else { return }
    }
  }

  private func change(_ table: inout ServiceTable, _ random: inout Generator) {
    let name = ["a", "b", "c"][random.below(3)]
    if random.below(3) == 0 {
      guard random.below(4) > 0 else { return table.setService("n/\(name)", nil) }
      var spec: JSON = ["type": ["ClusterIP", "NodePort"][random.below(2)]]
      if random.below(3) == 0 {
        spec["sessionAffinity"] = "ClientIP"
        spec["sessionAffinityConfig"] = [
          "clientIP": ["timeoutSeconds": .integer(Int64(60 + random.below(2)))]
        ]
      }
      if random.below(3) == 0 { spec["externalTrafficPolicy"] = "Local" }
      if random.below(3) == 0 { spec["externalIPs"] = ["192.0.2.1"] }
      table.setService(
        "n/\(name)",
        service(
          named: name, ip: "10.96.0.\(name.utf8.first ?? 0)",
          ports: [["name": "http", "port": 80, "nodePort": .integer(Int64(30000 + random.below(2)))]],
          spec: spec))
      return
    }
    let endpoints = (0..<random.below(4)).map { _ in
      (
        "10.1.0.\(random.below(4))", ["me", "other"][random.below(2)], random.below(3) > 0, true,
        random.below(2) == 0
      )
    }
    let slice = slice(of: name, name: "\(name)-\(random.below(2))", endpoints)
    if random.below(5) == 0 { table.removeSlice(slice) } else { table.setSlice(slice) }
  }

  @Test func `one change among five thousand services costs a few rules`() {
    var table = ServiceTable(node: "me")
    for number in 0..<5000 {
      let name = "s\(number)"
      table.setService("n/\(name)", service(named: name, ip: "10.96.\(number / 250).\(number % 250 + 1)"))
      table.setSlice(slice(of: name, [ready("10.1.\(number / 250).\(number % 250 + 1)"), ready("10.2.0.1")]))
    }
    _ = table.update()
    #expect(table.rules.elements.count == 5000)
    table.setSlice(slice(of: "s77", [ready("10.1.0.78"), ready("10.2.0.2")]))
    let (old, _) = table.update()
    let (script, leftovers) = NFTablesScript.update(from: old, to: table.rules)
    // A chain for the new endpoint with two rules, one rule of the service, the old endpoint's chain.
    #expect(script?.split(separator: "\n").count == 7)
    #expect(leftovers.chains.count == 1)
  }

  @Test func `a service more or less among five thousand costs what it has itself`() {
    func written(_ count: Int) -> [Int] {
      var table = ServiceTable(node: "me")
      for number in 0..<count {
        let name = "s\(number)"
        table.setService("n/\(name)", service(named: name, ip: "10.96.\(number / 250).\(number % 250 + 1)"))
        table.setSlice(slice(of: name, [ready("10.1.\(number / 250).\(number % 250 + 1)")]))
      }
      _ = table.update()
      func lines() -> Int {
        let (old, _) = table.update()
        return NFTablesScript.update(from: old, to: table.rules).change?.split(separator: "\n").count ?? 0
      }
      let ports: JSON = [["name": "http", "port": 80, "nodePort": 30080]]
      table.setSlice(slice(of: "new", [ready("10.2.0.1")]))
      table.setService(
        "n/new", service(named: "new", ip: "10.97.0.1", ports: ports, spec: ["type": "NodePort"]))
      let added = lines()
      table.removeSlice(slice(of: "new", []))
      let emptied = lines()
      table.setService("n/new", nil)
      return [added, emptied, lines()]
    }
    // Three chains, their five rules and two elements; then elements and chains change places; then two go.
    #expect(written(5000) == [10, 7, 2])
    #expect(written(5) == written(5000))
  }

  @Test func `nothing changed is nothing to do`() {
    var table = ServiceTable(node: "me")
    table.setService("n/web", service())
    _ = table.update()
    table.setService("n/web", service())
    let (old, stale) = table.update()
    #expect(stale.isEmpty)
    let (script, leftovers) = NFTablesScript.update(from: old, to: table.rules)
    #expect(script == nil && leftovers.isEmpty)
  }
}
