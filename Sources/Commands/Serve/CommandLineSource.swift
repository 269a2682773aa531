/// What the arguments of `raftkv serve` ask for.
enum CommandLineRequest: Hashable, Sendable {
  case serve([Setting])
  case help
  case version
}

/// Reads arguments the way Go's `flag` package does, so that a command line written for etcd works as it is:
/// one dash or two, `--flag value` or `--flag=value`, a boolean's name alone for true, the last of several wins.
enum CommandLineSource {
  static func read(_ arguments: [String]) throws(ConfigurationError) -> CommandLineRequest {
    var settings: [Setting] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument != "-" else { throw notAFlag(argument) }
      if argument == "--" {
        if let next = rest.first { throw notAFlag(next) }
        break
      }
      let body = argument.dropFirst(argument.hasPrefix("--") ? 2 : 1)
      let separator = body.firstIndex(of: "=")
      let name = String(body[..<(separator ?? body.endIndex)])
      if separator == nil {
        if name == "help" || name == "h" { return .help }
        if name == "version" { return .version }
      }
      guard let flag = FlagTable.byName[name] else { throw unknown(name, as: argument) }
      let value: String
      if let separator {
        value = String(body[body.index(after: separator)...])
      } else if flag.kind == .boolean {
        value = "true"
      } else if let next = rest.popFirst() {
        value = next
      } else {
        throw ConfigurationError(.usage, "--\(name) needs a value")
      }
      if let complaint = flag.complaint(about: value) {
        throw ConfigurationError(.usage, "invalid value \"\(value)\" for --\(name): \(complaint)")
      }
      settings.append(Setting(name: name, value: value, source: .commandLine))
    }
    return .serve(settings)
  }

  private static func notAFlag(_ argument: String) -> ConfigurationError {
    ConfigurationError(.usage, "\"\(argument)\" is not a flag")
  }

  private static func unknown(_ name: String, as argument: String) -> ConfigurationError {
    let hint = FlagTable.suggestion(for: name).map { "; did you mean --\($0)?" } ?? ""
    return ConfigurationError(.usage, "unknown flag \(argument.prefix { $0 != "=" })\(hint)")
  }
}
