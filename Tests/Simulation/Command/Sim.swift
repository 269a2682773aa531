import Foundation
import Simulation

/// `sim --seed N`: one seed, with everything that happened in a file. `sim --seeds N`: many, in several processes.
@main
enum Sim {
  static func main() {
    do {
      let arguments = try Arguments(CommandLine.arguments.dropFirst())
      switch arguments.mode {
      case .help: print(Arguments.help)
      case .one(let seed): exit(replay(seed, trace: arguments.trace))
      case .worker(let seeds): work(seeds)
      case .many(let seeds):
        exit(Batch(seeds, processes: arguments.processes, requiresProbes: arguments.requiresProbes).run())
      }
    } catch {
      FileHandle.standardError.write(Data("\(error)\n\(Arguments.help)\n".utf8))
      exit(2)
    }
  }

  /// One seed, with its whole trace.
  private static func replay(_ seed: UInt64, trace path: String) -> Int32 {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    guard let file = FileHandle(forWritingAtPath: path) else {
      print("cannot write \(path)")
      return 2
    }
    let report = Run.run(seed, trace: file)
    print(Self.line(report))
    print("trace: \(path)")
    for probe in Probe.allCases where report.probes[probe] > 0 {
      print("  \(probe): \(report.probes[probe])")
    }
    guard let failure = report.failure else { return 0 }
    print(report.lines.joined(separator: "\n"))
    print("seed \(seed): \(failure)")
    return 1
  }

  static func line(_ report: RunReport) -> String {
    let hash = String(report.hash, radix: 16)
    return
      "seed \(report.seed) hash \(hash) events \(report.events) entries \(report.entries) virtual ms \(report.virtualMilliseconds)"
  }

  /// Runs seeds and tells each on a line, for the process that started this one.
  private static func work(_ seeds: ClosedRange<UInt64>) {
    for seed in seeds {
      tell("begin \(seed)")
      let report = Run.run(seed)
      tell(
        "end \(seed) \(report.entries) \(report.events) \(report.probes.counts.map(String.init).joined(separator: " "))"
      )
      if report.failure == nil { continue }
      // The same again, for people.
      let again = Run.run(seed, keepsLines: true)
      var text = again.lines.joined(separator: "\n")
      if again.hash != report.hash { text += "\nthe second run of this seed took another course" }
      text += "\nseed \(seed): \(again.failure ?? report.failure ?? "")"
      text += "\noptions: \(RunOptions(seed: seed))"
      tell("failed \(seed) \(Data(text.utf8).base64EncodedString())")
    }
  }

  private static func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

/// What the command line asks for.
struct Arguments {
  enum Mode {
    case help
    case one(UInt64)
    case many(ClosedRange<UInt64>)
    case worker(ClosedRange<UInt64>)
  }

  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  static let help = """
    usage: sim --seed N [--trace FILE]
           sim --seeds N [--first N] [--processes N] [--no-probes]
    """

  var mode = Mode.help
  var trace = "sim.trace"
  var processes = ProcessInfo.processInfo.activeProcessorCount
  var requiresProbes = true

  init(_ arguments: ArraySlice<String>) throws {
    var rest = arguments
    var first: UInt64 = 1
    var seeds: UInt64?
    var isWorker = false
    while let name = rest.popFirst() {
      func number() throws -> UInt64 {
        guard let number = rest.popFirst().flatMap(UInt64.init) else {
          throw Malformed(description: "\(name) needs a number")
        }
        return number
      }
      switch name {
      case "--help": return
      case "--seed": mode = .one(try number())
      case "--seeds": seeds = max(1, try number())
      case "--first": first = try number()
      case "--processes": processes = Int(clamping: max(1, try number()))
      case "--worker": isWorker = true
      case "--no-probes": requiresProbes = false
      case "--trace":
        guard let path = rest.popFirst() else { throw Malformed(description: "--trace needs a file") }
        trace = path
      default: throw Malformed(description: "unknown argument \(name)")
      }
    }
    guard let seeds else { return }
    let range = first...(first + seeds - 1)
    mode = isWorker ? .worker(range) : .many(range)
  }
}
