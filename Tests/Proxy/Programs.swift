import Proxy
import Synchronization

/// Programs that answer what is set, and remember what they were asked.
final class Programs: CommandRunner {
  typealias Answer = @Sendable ([String]) -> (status: Int32, output: String)
  private let runs = Mutex<[(command: String, input: String)]>([])
  private let answer: Mutex<Answer>

  init(_ answer: @escaping Answer = { _ in (0, "") }) { self.answer = Mutex(answer) }

  func set(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

  func run(_ command: [String], input: String) async -> (status: Int32, output: String) {
    runs.withLock { $0.append((command.joined(separator: " "), input)) }
    return answer.withLock { $0 }(command)
  }

  /// What was asked since the last `take`.
  var asked: [(command: String, input: String)] { runs.withLock { $0 } }

  /// What was asked since the last time.
  func take() -> [(command: String, input: String)] {
    runs.withLock { runs in
      defer { runs = [] }
      return runs
    }
  }
}
