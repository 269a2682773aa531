import Checksum

/// The image that every pod's sandbox runs, made here: a machine that has no registry at hand can run pods.
///
/// Its only file is a program of two system calls: it lets the kernel take away children that have ended
/// (`SIGCHLD` is ignored), and waits for ever.
public enum PauseImage {
  /// What the image is called.
  public static let name = "localhost/pause:1"

  /// The image as a docker-archive (a tar of `manifest.json`, the image's configuration and its layer), as
  /// `ImageArchive` imports it. The same bytes every time.
  public static var archive: [UInt8] {
    let layer = TarFile.bytes([TarFile.Entry(name: "pause", mode: 0o755, bytes: program)])
    let configuration = """
      {"architecture":"\(architecture)","os":"linux","created":"1970-01-01T00:00:00Z",\
      "config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:\(hash(layer))"]},\
      "history":[{"created":"1970-01-01T00:00:00Z","created_by":"raftkv"}]}
      """
    let file = hash(Array(configuration.utf8)) + ".json"
    let manifest = #"[{"Config":"\#(file)","RepoTags":["\#(name)"],"Layers":["layer.tar"]}]"#
    return TarFile.bytes([
      TarFile.Entry(name: file, mode: 0o644, bytes: Array(configuration.utf8)),
      TarFile.Entry(name: "layer.tar", mode: 0o644, bytes: layer),
      TarFile.Entry(name: "manifest.json", mode: 0o644, bytes: Array(manifest.utf8)),
    ])
  }

  private static func hash(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  #if arch(arm64)
    private static let architecture = "arm64"
    private static let machine: UInt16 = 183
    /// rt_sigaction(SIGCHLD, {SIG_IGN}, 0, 8), then ppoll(0, 0, 0, 0) again and again.
    private static let code: [UInt8] = [
      0xFF, 0x83, 0x00, 0xD1, 0x20, 0x00, 0x80, 0xD2, 0xE0, 0x7F, 0x00, 0xA9, 0xFF, 0x7F, 0x01, 0xA9,
      0x20, 0x02, 0x80, 0xD2, 0xE1, 0x03, 0x00, 0x91, 0x02, 0x00, 0x80, 0xD2, 0x03, 0x01, 0x80, 0xD2,
      0xC8, 0x10, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4, 0x00, 0x00, 0x80, 0xD2, 0x01, 0x00, 0x80, 0xD2,
      0x02, 0x00, 0x80, 0xD2, 0x03, 0x00, 0x80, 0xD2, 0x28, 0x09, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4,
      0xFA, 0xFF, 0xFF, 0x17,
    ]
  #else
    private static let architecture = "amd64"
    private static let machine: UInt16 = 62
    /// rt_sigaction(SIGCHLD, {SIG_IGN}, 0, 8), then pause() again and again.
    private static let code: [UInt8] = [
      0x48, 0x83, 0xEC, 0x20, 0x31, 0xC0, 0x48, 0x89, 0x44, 0x24, 0x08, 0x48, 0x89, 0x44, 0x24, 0x10,
      0x48, 0x89, 0x44, 0x24, 0x18, 0xFF, 0xC0, 0x48, 0x89, 0x04, 0x24, 0xBF, 0x11, 0x00, 0x00, 0x00,
      0x48, 0x89, 0xE6, 0x31, 0xD2, 0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, 0xB8, 0x0D, 0x00, 0x00, 0x00,
      0x0F, 0x05, 0xB8, 0x22, 0x00, 0x00, 0x00, 0x0F, 0x05, 0xEB, 0xF7,
    ]
  #endif

  /// An ELF file of one segment that holds all of it.
  static var program: [UInt8] {
    let base: UInt64 = 0x40_0000
    let headerBytes: UInt64 = 64 + 56
    let size = headerBytes + UInt64(code.count)
    var file: [UInt8] = [0x7F] + Array("ELF".utf8) + [2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    func put<Value: FixedWidthInteger>(_ value: Value) {
      withUnsafeBytes(of: value.littleEndian) { file += $0 }
    }
    put(UInt16(2))
    put(machine)
    put(UInt32(1))
    for value in [base + headerBytes, 64, 0] { put(value) }
    put(UInt32(0))
    for value: UInt16 in [64, 56, 1, 0, 0, 0] { put(value) }
    // A segment to load: readable, executable.
    put(UInt32(1))
    put(UInt32(5))
    for value in [0, base, base, size, size, 0x1000] { put(value) }
    return file + code
  }
}

/// Plain files in a tar (POSIX ustar).
enum TarFile {
  struct Entry {
    /// At most 100 bytes.
    var name: String
    var mode: UInt32
    var bytes: [UInt8]
  }

  private static let block = 512

  static func bytes(_ entries: [Entry]) -> [UInt8] {
    var result: [UInt8] = []
    for entry in entries {
      result += header(entry) + entry.bytes
      result += [UInt8](repeating: 0, count: (block - entry.bytes.count % block) % block)
    }
    return result + [UInt8](repeating: 0, count: 2 * block)
  }

  private static func header(_ entry: Entry) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: block)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    /// A number in octal, as wide as its field but for the zero byte at its end.
    func number(_ value: Int, at offset: Int, digits: Int) {
      let text = String(value, radix: 8)
      put(String(repeating: "0", count: max(0, digits - text.count)) + text, at: offset)
    }
    put(String(decoding: entry.name.utf8.prefix(100), as: UTF8.self), at: 0)
    number(Int(entry.mode), at: 100, digits: 7)
    number(0, at: 108, digits: 7)
    number(0, at: 116, digits: 7)
    number(entry.bytes.count, at: 124, digits: 11)
    number(0, at: 136, digits: 11)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    // The sum counts its own field as blanks.
    put("        ", at: 148)
    let sum = header.reduce(0) { $0 + Int($1) }
    number(sum, at: 148, digits: 6)
    header[154] = 0
    return header
  }
}
