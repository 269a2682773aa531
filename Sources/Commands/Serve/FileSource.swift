import Yams

/// Reads a configuration file: a YAML mapping with the flags' names as keys, as etcd's `--config-file`.
enum FileSource {
  /// A larger file is refused: it is not a configuration.
  static let bytesMax = 1 << 20
  /// A file with more brackets, or dashes in a row, is refused before it is parsed: ours nest once.
  static let nestingMax = 256

  /// etcd's nested sections, and the flag that each of their keys stands for.
  private static let sections: [String: [String: String]] = [
    "client-transport-security": [
      "cert-file": "cert-file", "key-file": "key-file", "client-cert-file": "client-cert-file",
      "client-key-file": "client-key-file", "client-cert-auth": "client-cert-auth",
      "trusted-ca-file": "trusted-ca-file", "auto-tls": "auto-tls", "crl-file": "client-crl-file",
      "allowed-hostname": "client-cert-allowed-hostname",
    ],
    "peer-transport-security": [
      "cert-file": "peer-cert-file", "key-file": "peer-key-file", "client-cert-file": "peer-client-cert-file",
      "client-key-file": "peer-client-key-file", "client-cert-auth": "peer-client-cert-auth",
      "trusted-ca-file": "peer-trusted-ca-file", "auto-tls": "peer-auto-tls", "crl-file": "peer-crl-file",
      "allowed-cn": "peer-cert-allowed-cn", "allowed-hostname": "peer-cert-allowed-hostname",
      "skip-client-san-verification": "peer-skip-client-san-verification",
    ],
    "socket-options": ["reuse-port": "socket-reuse-port", "reuse-address": "socket-reuse-address"],
  ]

  static func read(_ text: String, path: String) throws(ConfigurationError) -> [Setting] {
    guard text.utf8.count <= bytesMax else {
      throw ConfigurationError(.value, "\(path): a configuration file of more than \(bytesMax) bytes")
    }
    guard nesting(of: text) <= nestingMax else {
      throw ConfigurationError(.value, "\(path): nested too deeply to be a configuration")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw ConfigurationError(.value, "\(path): not a YAML file: \(firstLine(of: "\(error)"))")
    }
    guard let root, root.null == nil else { return [] }
    guard let mapping = root.mapping else {
      throw ConfigurationError(.value, "\(path): expected a mapping of flag names to values")
    }

    var settings: [Setting] = []
    for (key, value) in mapping {
      let line = key.mark?.line ?? 0
      guard let name = key.scalar?.string else {
        throw ConfigurationError(.value, "\(path):\(line): expected a flag's name as key")
      }
      if let section = sections[name] {
        settings += try read(section: section, named: name, value, path: path, line: line)
      } else {
        guard name != "config-file", let flag = FlagTable.byName[name] else {
          let hint = FlagTable.suggestion(for: name).map { "; did you mean \($0)?" } ?? ""
          throw ConfigurationError(.value, "\(path):\(line): unknown key \"\(name)\"\(hint)")
        }
        settings += try setting(flag, value, path: path, line: line).map { [$0] } ?? []
      }
    }
    return settings
  }

  private static func read(
    section: [String: String], named sectionName: String, _ value: Node, path: String, line: Int
  ) throws(ConfigurationError) -> [Setting] {
    guard let mapping = value.mapping else {
      if value.null != nil { return [] }
      throw ConfigurationError(.value, "\(path):\(line): \(sectionName) must be a mapping")
    }
    var settings: [Setting] = []
    for (key, value) in mapping {
      let line = key.mark?.line ?? line
      guard let name = key.scalar?.string, let flag = section[name].flatMap({ FlagTable.byName[$0] }) else {
        let name = key.scalar?.string ?? ""
        throw ConfigurationError(.value, "\(path):\(line): unknown key \"\(name)\" in \(sectionName)")
      }
      settings += try setting(flag, value, path: path, line: line).map { [$0] } ?? []
    }
    return settings
  }

  /// Nil for a key without a value, which is as good as absent.
  private static func setting(
    _ flag: Flag, _ node: Node, path: String, line: Int
  ) throws(ConfigurationError) -> Setting? {
    if node.null != nil { return nil }
    var text: String
    if let scalar = node.scalar {
      text = scalar.string
    } else if let sequence = node.sequence {
      text = try list(sequence, of: flag, path: path, line: line)
    } else {
      throw ConfigurationError(.value, "\(path):\(line): \(flag.name) must be a single value")
    }
    // A bare number for a duration is nanoseconds in etcd's files.
    if flag.kind == .duration, UInt64(text) != nil { text += "ns" }
    let setting = Setting(name: flag.name, value: text, source: .file(path: path, line: line))
    if let complaint = flag.complaint(about: text) {
      throw ConfigurationError(.value, "invalid value \"\(text)\" for \(setting.label): \(complaint)")
    }
    return setting
  }

  /// A YAML list means what commas mean on the command line (etcd: `log-outputs`).
  private static func list(
    _ sequence: Node.Sequence, of flag: Flag, path: String, line: Int
  ) throws(ConfigurationError) -> String {
    var parts: [String] = []
    for element in sequence {
      guard let scalar = element.scalar else {
        throw ConfigurationError(.value, "\(path):\(line): \(flag.name) must be a list of plain values")
      }
      parts.append(scalar.string)
    }
    return parts.joined(separator: ",")
  }

  /// An upper bound of how deep collections nest on account of brackets and dashes. The YAML parser recurses,
  /// so a hostile file could overflow the stack. (Levels made by indentation alone cost a file too many bytes.)
  static func nesting(of text: String) -> Int {
    var brackets = 0
    var dashes = 0
    var dashesMax = 0
    var isIndent = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        brackets += 1
        isIndent = false
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        dashes = 0
        isIndent = true
      case UInt8(ascii: "-"), UInt8(ascii: "?"):
        if isIndent { dashes += 1 }
      case UInt8(ascii: " "), UInt8(ascii: "\t"): break
      default: isIndent = false
      }
      dashesMax = max(dashesMax, dashes)
    }
    return brackets + dashesMax
  }

  private static func firstLine(of text: String) -> String {
    String(text.prefix { $0 != "\n" })
  }
}
