/// Runs a program of the machine with this input, and gives its exit code (127 if it cannot be started) and what it has
/// written to both outputs.
public typealias HostCommands =
  @Sendable (_ command: [String], _ input: String) async -> (status: Int32, output: String)
