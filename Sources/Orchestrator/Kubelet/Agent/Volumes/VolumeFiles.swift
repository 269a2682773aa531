public import Objects

/// A file of a volume, as the kubelet writes it.
public struct VolumeFile: Sendable, Hashable {
  /// What is in it.
  public var bytes: [UInt8]
  /// The permission bits.
  public var mode: UInt32

  /// A file.
  public init(_ bytes: [UInt8], mode: UInt32) {
    self.bytes = bytes
    self.mode = mode
  }
}

/// The files of volumes that are made of objects: configMap, secret, downwardAPI and projected. Pure.
public enum VolumeFiles {
  /// The mode where a volume says none.
  public static let defaultMode: UInt32 = 0o644
  /// The most bytes of one volume.
  public static let sizeLimit = 64 * 1024 * 1024

  /// The files of a volume by their paths; nil if it is none of these kinds.
  public static func files(
    of volume: JSON, in pod: JSON, _ sources: PodSources
  ) throws(ContainerConfigError) -> [String: VolumeFile]? {
    var files: [String: VolumeFile] = [:]
    if let source = volume["configMap"] {
      try add(.configMap, source, mode: mode(source["defaultMode"]), pod, sources, &files)
    } else if let source = volume["secret"] {
      try add(.secret, source, mode: mode(source["defaultMode"]), pod, sources, &files)
    } else if let source = volume["downwardAPI"] {
      try addFields(source, mode: mode(source["defaultMode"]), pod, sources, &files)
    } else if let projected = volume["projected"] {
      let fallback = mode(projected["defaultMode"])
      for source in projected["sources"]?.array ?? [] {
        if let source = source["configMap"] {
          try add(.configMap, source, mode: fallback, pod, sources, &files)
        } else if let source = source["secret"] {
          try add(.secret, source, mode: fallback, pod, sources, &files)
        } else if let source = source["downwardAPI"] {
          try addFields(source, mode: fallback, pod, sources, &files)
        } else if let source = source["serviceAccountToken"] {
          let path = try checked(source["path"]?.string ?? "")
          guard let token = sources.tokens[source] else {
            throw ContainerConfigError("failed to fetch token: nobody asked for it")
          }
          files[path] = VolumeFile(Array(try token.get().utf8), mode: fallback)
        }
      }
    } else {
      return nil
    }
    guard files.values.reduce(0, { $0 + $1.bytes.count }) <= sizeLimit else {
      throw ContainerConfigError("volume \"\(volume["name"]?.string ?? "")\" has too much in it")
    }
    return files
  }

  private enum Kind { case configMap, secret }

  private static func mode(_ value: JSON?) -> UInt32 {
    value?.integer.map { UInt32(clamping: $0) & 0o777 } ?? defaultMode
  }

  private static func add(
    _ kind: Kind, _ source: JSON, mode: UInt32, _ pod: JSON, _ sources: PodSources,
    _ files: inout [String: VolumeFile]
  ) throws(ContainerConfigError) {
    // A secret volume calls it secretName, a projected one name.
    let name = source["secretName"]?.string ?? source["name"]?.string ?? ""
    let object = kind == .secret ? sources.secrets[name] : sources.configMaps[name]
    let isOptional = source["optional"]?.boolean == true
    guard let object else {
      if isOptional { return }
      throw ContainerConfigError("\(kind == .secret ? "secret" : "configmap") \"\(name)\" not found")
    }
    let contents = contents(object, kind)
    let items = source["items"]?.array ?? []
    if items.isEmpty {
      for (key, bytes) in contents { files[key] = VolumeFile(bytes, mode: mode) }
    }
    for item in items {
      let key = item["key"]?.string ?? ""
      guard let bytes = contents[key] else {
        if isOptional { continue }
        let text = kind == .secret ? "secret" : "config"
        throw ContainerConfigError("references non-existent \(text) key: \(key)")
      }
      let path = try checked(item["path"]?.string ?? "")
      files[path] = VolumeFile(bytes, mode: item["mode"] == nil ? mode : Self.mode(item["mode"]))
    }
  }

  private static func contents(_ object: JSON, _ kind: Kind) -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for member in object["data"]?.object ?? [:] {
      let text = member.value.string ?? ""
      contents[member.key] = kind == .secret ? (try? Base64.decode(text)) ?? [] : Array(text.utf8)
    }
    for member in object["binaryData"]?.object ?? [:] {
      contents[member.key] = (try? Base64.decode(member.value.string ?? "")) ?? []
    }
    return contents
  }

  private static func addFields(
    _ source: JSON, mode: UInt32, _ pod: JSON, _ sources: PodSources, _ files: inout [String: VolumeFile]
  ) throws(ContainerConfigError) {
    let fields = sources.fields(of: pod)
    for item in source["items"]?.array ?? [] {
      let path = try checked(item["path"]?.string ?? "")
      let text: String?
      if let reference = item["resourceFieldRef"] {
        text = fields.resource(reference, of: reference["containerName"]?.string ?? "")
      } else {
        text = fields.field(item["fieldRef", "fieldPath"]?.string ?? "")
      }
      guard let text else {
        throw ContainerConfigError("the field of \"\(path)\" is not there")
      }
      files[path] = VolumeFile(
        Array(text.utf8), mode: item["mode"] == nil ? mode : Self.mode(item["mode"]))
    }
  }

  /// A path that stays inside its volume, and does not meet what the writer itself keeps there.
  static func checked(_ path: String) throws(ContainerConfigError) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !path.hasPrefix("/"), !parts.contains(""), !parts.contains("."),
      !parts.contains(".."), !(parts.first?.hasPrefix("..") ?? true)
    else { throw ContainerConfigError("invalid path \"\(path)\" in a volume") }
    return path
  }
}
