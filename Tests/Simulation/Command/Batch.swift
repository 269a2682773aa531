import Foundation
import Simulation
import Synchronization

/// Many seeds in several processes: one that traps takes only its own seeds with it.
final class Batch: Sendable {
  /// Seeds that one process runs before another takes over: what a run leaves behind in memory does not add up.
  private static let seedsPerProcess: UInt64 = 50

  /// A batch of so many must have met everything rare.
  private static let seedsForProbes = 3000

  private struct State {
    var next: UInt64
    var done = 0
    var entries = 0
    var events = 0
    var probes = Probes()
    var failures: [(seed: UInt64, text: String)] = []
    var running = 0
  }

  private let seeds: ClosedRange<UInt64>
  private let processes: Int
  private let requiresProbes: Bool
  private let state: Mutex<State>

  init(_ seeds: ClosedRange<UInt64>, processes: Int, requiresProbes: Bool) {
    self.seeds = seeds
    self.processes = processes
    self.requiresProbes = requiresProbes
    state = Mutex(State(next: seeds.lowerBound))
  }

  /// Runs them all; what the program ends with.
  func run() -> Int32 {
    let start = Date()
    let threads = DispatchGroup()
    for _ in 0..<processes {
      let thread = Thread { [self] in
        while let range = takeRange() { runProcess(range) }
        threads.leave()
      }
      threads.enter()
      thread.start()
    }
    threads.wait()
    return report(seconds: Date().timeIntervalSince(start))
  }

  private func takeRange() -> ClosedRange<UInt64>? {
    state.withLock { state in
      guard state.next <= seeds.upperBound, state.failures.count < 10 else { return nil }
      let end = min(seeds.upperBound, state.next + Self.seedsPerProcess - 1)
      defer { state.next = end + 1 }
      return state.next...end
    }
  }

  private func runProcess(_ range: ClosedRange<UInt64>) {
    let process = Foundation.Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["--worker", "--first", "\(range.lowerBound)", "--seeds", "\(range.count)"]
    let output = Pipe()
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      return fail(range.lowerBound, "no process: \(error)")
    }
    var current = range.lowerBound
    var hasEnded = false
    var rest = Data()
    while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
      rest += data
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
        rest = Data(rest[(end + 1)...])
        guard words.count >= 2, let seed = UInt64(words[1]) else { continue }
        current = seed
        hasEnded = words[0] == "end"
        take(words, seed)
      }
    }
    process.waitUntilExit()
    if process.terminationStatus != 0 || process.terminationReason != .exit {
      fail(hasEnded ? current + 1 : current, "the process ended with \(process.terminationStatus)")
    }
  }

  private func take(_ words: [Substring], _ seed: UInt64) {
    switch words[0] {
    case "end":
      state.withLock { state in
        state.done += 1
        state.entries += words.count > 2 ? Int(words[2]) ?? 0 : 0
        state.events += words.count > 3 ? Int(words[3]) ?? 0 : 0
        for (probe, count) in zip(Probe.allCases, words.dropFirst(4)) {
          state.probes.count(probe, Int(count) ?? 0)
        }
      }
    case "failed":
      let text = words.count > 2 ? Data(base64Encoded: String(words[2])) : nil
      fail(seed, String(decoding: text ?? Data(), as: UTF8.self))
    default: break
    }
  }

  private func fail(_ seed: UInt64, _ text: String) {
    state.withLock { $0.failures.append((seed, text)) }
    print("\(text)\nseed \(seed) failed; again, with the whole trace: make sim SEED=\(seed)")
  }

  private func report(seconds: TimeInterval) -> Int32 {
    state.withLock { state in
      for probe in Probe.allCases { print("  \(probe): \(state.probes[probe])") }
      let rate = Double(state.done) / max(seconds, 0.001)
      print(
        "\(state.done) seeds in \(Int(seconds)) s, \(String(format: "%.1f", rate)) a second; \(state.entries) entries, "
          + "\(state.events) events; \(state.failures.count) failed")
      if !state.failures.isEmpty {
        print("failed seeds: \(state.failures.map { String($0.seed) }.joined(separator: " "))")
        return 1
      }
      let missing = state.probes.missing
      if requiresProbes, seeds.count >= Self.seedsForProbes, !missing.isEmpty {
        print("never happened: \(missing.map { "\($0)" }.joined(separator: ", "))")
        return 1
      }
      return 0
    }
  }
}
