/// What a `hostPath` volume wants to find on the node.
public enum HostPath {
  /// Checks the path, and makes what its type says is to be made.
  public static func prepare(
    _ path: String, type: String, _ files: any NodeFiles
  ) throws(ContainerConfigError) {
    do throws(NodeFileError) {
      let kind = try resolved(path, files)
      switch type {
      case "": return
      case "DirectoryOrCreate":
        if kind == nil { try files.makeDirectory(path, mode: 0o755) }
        if let kind, kind != .directory { throw NodeFileError(failure(path, "a directory")) }
      case "FileOrCreate":
        if kind == nil { try files.write(path, [], mode: 0o644) }
        if let kind, kind != .file { throw NodeFileError(failure(path, "a file")) }
      case "Directory": try expect(.directory, kind, path, "a directory")
      case "File": try expect(.file, kind, path, "a file")
      case "Socket": try expect(.socket, kind, path, "a socket file")
      case "CharDevice": try expect(.characterDevice, kind, path, "a character device")
      case "BlockDevice": try expect(.blockDevice, kind, path, "a block device")
      default: throw NodeFileError("\(type) is an invalid volume type")
      }
    } catch {
      throw ContainerConfigError(error.message)
    }
  }

  private static func failure(_ path: String, _ wanted: String) -> String {
    "hostPath type check failed: \(path) is not \(wanted)"
  }

  private static func expect(
    _ wanted: NodeFileKind, _ kind: NodeFileKind?, _ path: String, _ text: String
  ) throws(NodeFileError) {
    guard kind == wanted else { throw NodeFileError(failure(path, text)) }
  }

  /// What the path leads to in the end.
  private static func resolved(_ path: String, _ files: any NodeFiles) throws(NodeFileError) -> NodeFileKind?
  {
    var path = path
    // As many links as Linux follows.
    for _ in 0..<40 {
      guard try files.kind(path) == .link, let target = try files.target(path) else {
        return try files.kind(path)
      }
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
      path = target.hasPrefix("/") ? target : "\(folder)/\(target)"
    }
    throw NodeFileError("too many levels of symbolic links: \(path)")
  }
}

/// A path inside a volume that a container names (`subPath`).
public enum SubPath {
  /// The full path, when no step of it leaves the volume.
  ///
  /// Links are refused: whoever can write to the volume could turn one to anywhere on the node between this
  /// check and the mount. What is missing is made, as a folder.
  public static func resolve(
    _ subPath: String, in volume: String, _ files: any NodeFiles
  ) throws(ContainerConfigError) -> String {
    let parts = subPath.split(separator: "/")
    guard !subPath.hasPrefix("/"), !parts.contains("..") else {
      throw ContainerConfigError("subPath \"\(subPath)\" must be a relative path without \"..\"")
    }
    var path = volume
    do throws(NodeFileError) {
      for part in parts where part != "." {
        path += "/\(part)"
        switch try files.kind(path) {
        case .link: throw NodeFileError("subpath \"\(path)\" not within volume path \"\(volume)\"")
        case nil: try files.makeDirectory(path, mode: 0o750)
        default: break
        }
      }
      return path
    } catch {
      throw ContainerConfigError("failed to prepare subPath: \(error.message)")
    }
  }

  /// The full path in a volume that only the kubelet writes: what users see in it are the kubelet's own links.
  static func resolve(
    _ subPath: String, inOwn volume: String, _ files: any NodeFiles
  ) throws(ContainerConfigError) -> String {
    let parts = subPath.split(separator: "/").filter { $0 != "." }
    guard !subPath.hasPrefix("/"), !parts.contains("..") else {
      throw ContainerConfigError("subPath \"\(subPath)\" must be a relative path without \"..\"")
    }
    guard !parts.isEmpty else { return volume }
    do throws(NodeFileError) {
      // By way of the version that is current now.
      let version = try files.target("\(volume)/..data") ?? "..data"
      let path = "\(volume)/\(version)/\(parts.joined(separator: "/"))"
      guard try files.kind(path) != nil else {
        throw NodeFileError("there is no \"\(subPath)\" in the volume")
      }
      return path
    } catch {
      throw ContainerConfigError("failed to prepare subPath: \(error.message)")
    }
  }
}
