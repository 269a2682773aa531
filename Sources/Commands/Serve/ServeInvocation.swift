/// What to do for a `raftkv serve …` command line.
public enum ServeInvocation: Sendable, Hashable {
  /// Start with this configuration, and log these notices first.
  case serve(ServeConfiguration, notices: [Notice])
  /// Print the help text.
  case help
  /// Print the version.
  case version

  /// Decides from the arguments after `serve`, the environment, and (when one is named) a configuration file.
  ///
  /// Flags win over the environment, `RAFTKV_` over `ETCD_`; a configuration file replaces both (etcd's rule).
  /// - Parameter readFile: returns a file's text; what it throws becomes part of the error.
  public static func parse(
    arguments: [String], environment: [String: String],
    readFile: (String) throws(ConfigurationError) -> String
  ) throws(ConfigurationError) -> ServeInvocation {
    let commandLine: [Setting]
    switch try CommandLineSource.read(arguments) {
    case .help: return .help
    case .version: return .version
    case .serve(let settings): commandLine = settings
    }

    var notices: [Notice] = []
    let settings: [Setting]
    if let path = configurationFile(commandLine, environment) {
      settings = try FileSource.read(try contents(of: path, readFile), path: path)
      notices.append(
        Notice(.info, "configuration read from \(path); other flags and environment variables are ignored"))
      for setting in commandLine where setting.name != "config-file" {
        notices.append(Notice(.warning, "\(setting.label) is ignored because a configuration file is given"))
      }
    } else {
      let fromEnvironment = try EnvironmentSource.read(environment, shadowedBy: commandLine)
      notices += fromEnvironment.notices
      settings = fromEnvironment.settings + commandLine
    }

    notices += try checkSupport(of: settings)
    // Later ones win: the last of a repeated flag, and flags over the environment.
    let chosen = Dictionary(settings.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    let configuration = try ServeConfiguration.resolve(chosen)
    if configuration.peerTLS != nil {
      for url in configuration.listenPeerURLs where !url.isSecure {
        notices.append(Notice(.warning, "certificates are not used on \(url), which is not https"))
      }
    }
    return .serve(configuration, notices: notices)
  }

  private static func configurationFile(_ commandLine: [Setting], _ environment: [String: String]) -> String?
  {
    let candidates =
      [commandLine.last { $0.name == "config-file" }?.value]
      + EnvironmentSource.prefixes.map { environment["\($0)CONFIG_FILE"] }
    return candidates.compactMap { $0 }.first { !$0.isEmpty }
  }

  private static func contents(
    of path: String, _ readFile: (String) throws(ConfigurationError) -> String
  ) throws(ConfigurationError) -> String {
    do {
      return try readFile(path)
    } catch {
      throw ConfigurationError(.value, "cannot read the configuration file \(path): \(error)")
    }
  }

  /// Warns of settings that do nothing, and refuses the ones that must not be passed over, all in one message.
  private static func checkSupport(of settings: [Setting]) throws(ConfigurationError) -> [Notice] {
    var notices: [Notice] = []
    var refusals: [String] = []
    for setting in settings {
      guard let flag = FlagTable.byName[setting.name], !flag.isSame(setting.value, flag.defaultValue) else {
        continue
      }
      switch flag.support {
      case .supported: break
      case .ignored(let reason):
        notices.append(Notice(.warning, "\(setting.label) is accepted and has no effect: \(reason)"))
      case .unavailable(let reason):
        refusals.append("\(setting.label): \(reason)")
      }
    }
    guard refusals.isEmpty else { throw ConfigurationError(.usage, refusals.joined(separator: "\n")) }
    return notices
  }
}
