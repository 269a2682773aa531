/// The text of `raftkv serve --help`, from the table of flags.
public enum ServeHelp {
  /// How wide lines may be.
  private static let columns = 100

  /// The whole text.
  public static var text: String {
    var lines = [
      "Usage:",
      "",
      "  raftkv serve [flags]",
      "    Start one member of the store. The flags are etcd's: --flag value, --flag=value or -flag value.",
      "",
      "  Every flag is also read from the environment, as RAFTKV_DATA_DIR or ETCD_DATA_DIR for --data-dir;",
      "  the flag wins over the variable, RAFTKV_ over ETCD_.",
    ]
    for section in Flag.Section.allCases {
      lines += ["", "\(section.rawValue):"]
      for flag in FlagTable.all where flag.section == section && flag.support == .supported {
        let name = "  --\(flag.name) '\(flag.defaultValue)'"
        let variable = "(RAFTKV_\(flag.environmentSuffix))"
        lines +=
          name.count + variable.count + 3 > columns ? [name, "    " + variable] : [name + "   " + variable]
        lines.append("    \(flag.help)")
      }
    }
    lines += ["", "Flags of etcd that are accepted and have no effect here:"]
    lines += wrapped(FlagTable.ignored.map { "--\($0.name)" })
    lines += [
      "", "Flags of etcd that are not available (any value but the default is refused, with the reason):",
    ]
    lines += wrapped(FlagTable.unavailable.map { "--\($0.name)" })
    return lines.joined(separator: "\n") + "\n"
  }

  private static func wrapped(_ words: [String]) -> [String] {
    var lines: [String] = []
    var line = " "
    for word in words.sorted() {
      if line.count + 1 + word.count > columns {
        lines.append(line)
        line = " "
      }
      line += " \(word)"
    }
    return lines + [line]
  }
}
