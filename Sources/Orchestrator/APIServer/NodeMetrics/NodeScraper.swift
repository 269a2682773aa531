import Client
import Objects

/// Asks the nodes what they use, while somebody wants to know it.
actor NodeScraper {
  typealias Scrape = @Sendable (_ node: JSON) async throws -> String

  /// Between two rounds.
  static let interval = Duration.seconds(15)
  /// Between the first two rounds, for which somebody waits.
  static let firstInterval = Duration.seconds(2)
  /// Nodes are asked for so long after somebody has wanted to know.
  static let keptFor = Duration.seconds(180)
  /// Time for one node's answer.
  static let timeout = Duration.seconds(10)
  /// Nodes that are asked at a time.
  static let concurrency = 32
  /// Bytes of an answer, beyond which it is not read.
  static let answerBytes = 16 << 20

  private let nodes: @Sendable () async -> [JSON]
  private let scrape: Scrape
  private let time: any TimeSource
  private(set) var history = UsageHistory()
  private var lastAsked = Duration.zero
  private var first: Task<Void, Never>?
  private var rounds: Task<Void, Never>?

  init(nodes: @escaping @Sendable () async -> [JSON], scrape: @escaping Scrape, time: any TimeSource) {
    self.nodes = nodes
    self.scrape = scrape
    self.time = time
  }

  /// Whether nobody is asked.
  var isResting: Bool { first == nil }

  /// What is known. Whoever asks first waits for two rounds.
  func current() async -> UsageHistory {
    lastAsked = time.uptime
    if first == nil {
      let begin = Task {
        await self.round()
        try? await self.time.sleep(for: Self.firstInterval)
        await self.round()
      }
      first = begin
      rounds = Task {
        await begin.value
        await self.goOn()
      }
    }
    await first?.value
    return history
  }

  /// Asks no more.
  func stop() {
    first?.cancel()
    rounds?.cancel()
  }

  private func goOn() async {
    while time.uptime - lastAsked < Self.keptFor {
      do {
        try await time.sleep(for: Self.interval)
      } catch {
        break
      }
      await round()
    }
    first = nil
    rounds = nil
    history = UsageHistory()
  }

  private func round() async {
    let nodes = await nodes()
    history.keep(Set(nodes.compactMap { $0["metadata", "name"]?.string }))
    var iterator = nodes.makeIterator()
    await withTaskGroup(of: (String, NodeSample?).self) { group in
      for _ in 0..<Self.concurrency {
        guard let node = iterator.next() else { break }
        group.addTask { await self.sample(of: node) }
      }
      while let (name, sample) = await group.next() {
        if let sample { history.add(sample, of: name) }
        if let node = iterator.next() { group.addTask { await self.sample(of: node) } }
      }
    }
  }

  /// Off the actor: many nodes are read at a time.
  private nonisolated func sample(of node: JSON) async -> (String, NodeSample?) {
    let name = node["metadata", "name"]?.string ?? ""
    let sample = await withTaskGroup(of: NodeSample?.self) { group in
      group.addTask {
        guard let text = try? await self.scrape(node), text.utf8.count <= Self.answerBytes else { return nil }
        return NodeSample(metrics: text)
      }
      group.addTask {
        try? await self.time.sleep(for: Self.timeout)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    return (name, sample)
  }
}
