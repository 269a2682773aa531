import Foundation
import Simulation
import Testing

/// A fixed set of seeds; `make sim` runs others. `SIM_SEED=N` runs that seed alone; `SIM_SEEDS=N` so many.
struct SeedTests {
  private static let environment = ProcessInfo.processInfo.environment

  static let seeds: [UInt64] = {
    if let seed = environment["SIM_SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(1...(environment["SIM_SEEDS"].flatMap(UInt64.init) ?? 6))
  }()

  @Test(arguments: seeds) func cluster(seed: UInt64) {
    let report = Run.run(seed)
    guard let failure = report.failure else { return }
    let lines = Run.run(seed, keepsLines: true).lines.joined(separator: "\n")
    Issue.record("\(lines)\nseed \(seed): \(failure)\noptions: \(RunOptions(seed: seed))")
  }

  @Test(arguments: [3, 5] as [UInt64]) func aSeedTakesTheSameCourseAgain(seed: UInt64) {
    let first = Run.run(seed)
    let second = Run.run(seed, keepsLines: true)
    #expect(first.hash == second.hash)
    #expect(first.events == second.events && first.events > 1000)
    #expect(first.hash != Run.run(seed + 1000).hash)
  }
}
