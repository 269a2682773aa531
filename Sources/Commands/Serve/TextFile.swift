import Glibc

/// Reads small files that an operator names.
public enum TextFile {
  /// The file's text; the error says in the system's words why there is none. Reads no more than a byte past
  /// `FileSource.bytesMax`, whatever the path leads to.
  public static func read(_ path: String) throws(ConfigurationError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= FileSource.bytesMax {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw systemError()
      }
      bytes += chunk[..<count]
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(.value, "not UTF-8 text")
    }
    return text
  }

  private static func systemError() -> ConfigurationError {
    ConfigurationError(.value, String(cString: strerror(errno)))
  }
}
