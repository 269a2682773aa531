/// Reads `RAFTKV_NAME` and, for whoever comes from etcd, `ETCD_NAME`: the first wins when both are set.
/// An empty variable counts as unset.
enum EnvironmentSource {
  /// The prefixes, strongest first.
  static let prefixes = ["RAFTKV_", "ETCD_"]

  /// A variable with a prefix of ours and no flag behind it is a warning, not an error: Kubernetes puts
  /// variables such as `ETCD_SERVICE_HOST` into containers unasked.
  static func read(
    _ environment: [String: String], shadowedBy commandLine: [Setting]
  ) throws(ConfigurationError) -> (settings: [Setting], notices: [Notice]) {
    var settings: [Setting] = []
    var notices: [Notice] = []
    var taken: [String: String] = Dictionary(
      commandLine.map { ($0.name, "--\($0.name)") }, uniquingKeysWith: { first, _ in first })
    let bySuffix = Dictionary(uniqueKeysWithValues: FlagTable.all.map { ($0.environmentSuffix, $0) })

    for prefix in prefixes {
      let variables = environment.filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }
      for (variable, value) in variables.sorted(by: { $0.key < $1.key }) {
        guard let flag = bySuffix[String(variable.dropFirst(prefix.count))] else {
          notices.append(Notice(.warning, "unrecognized environment variable \(variable)"))
          continue
        }
        if let winner = taken[flag.name] {
          notices.append(Notice(.warning, "environment variable \(variable) is not used: \(winner) is given"))
          continue
        }
        taken[flag.name] = variable
        let setting = Setting(name: flag.name, value: value, source: .environment(variable: variable))
        if let complaint = flag.complaint(about: value) {
          throw ConfigurationError(.value, "invalid value \"\(value)\" for \(setting.label): \(complaint)")
        }
        settings.append(setting)
      }
    }
    return (settings, notices)
  }
}
