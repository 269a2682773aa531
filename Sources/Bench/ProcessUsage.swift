internal import Glibc

/// What a process has used of the machine up to a moment, as Linux tells it in /proc. A figure is nil where the
/// kernel does not tell it (another user's process, for one).
struct ProcessUsage: Sendable, Hashable {
  var userSeconds: Double?
  var systemSeconds: Double?
  /// Memory now, in bytes: all of it, and the anonymous part, which has no file behind it.
  var residentBytes: Int?
  var anonymousBytes: Int?
  /// The largest `residentBytes` since the process began.
  var peakResidentBytes: Int?
  /// Bytes that the process caused to be written to disks.
  var writtenBytes: Int?

  /// The figures of a process; nil if there is no such process.
  static func read(process: Int32) -> ProcessUsage? {
    guard let stat = contents(of: "/proc/\(process)/stat") else { return nil }
    return ProcessUsage(
      stat: stat, status: contents(of: "/proc/\(process)/status") ?? "",
      io: contents(of: "/proc/\(process)/io") ?? "", ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The figures of this process.
  static func ofThisProcess() -> ProcessUsage {
    read(process: getpid()) ?? ProcessUsage(stat: "", status: "", io: "", ticksPerSecond: 1)
  }

  /// Reads the texts of /proc/PID/stat, status and io.
  init(stat: String, status: String, io: String, ticksPerSecond: Double) {
    // The command's name stands in parentheses and may hold anything, parentheses too.
    if let end = stat.lastIndex(of: ")") {
      let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
      // man 5 proc: utime is field 14 and stime 15, where the first after the name is field 3.
      if fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) {
        userSeconds = user / ticksPerSecond
        systemSeconds = system / ticksPerSecond
      }
    }
    residentBytes = Self.value("VmRSS", in: status).map { $0 << 10 }
    anonymousBytes = Self.value("RssAnon", in: status).map { $0 << 10 }
    peakResidentBytes = Self.value("VmHWM", in: status).map { $0 << 10 }
    writtenBytes = Self.value("write_bytes", in: io)
  }

  /// The number in the line `name: number …`.
  private static func value(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      let number = line.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace).first
      return number.flatMap { Int($0) }
    }
    return nil
  }

  /// The whole of a file of /proc; nil if it cannot be read.
  private static func contents(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < Self.largestFile {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 { return nil }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let largestFile = 1 << 20
}

/// What a process used during a run, and the memory it holds at its end.
struct UsageDifference: Sendable, Hashable {
  var userSeconds: Double?
  var systemSeconds: Double?
  var residentBytes: Int?
  var anonymousBytes: Int?
  var peakResidentBytes: Int?
  var writtenBytes: Int?

  init(from before: ProcessUsage, to after: ProcessUsage) {
    func difference<N: AdditiveArithmetic>(_ path: KeyPath<ProcessUsage, N?>) -> N? {
      guard let before = before[keyPath: path], let after = after[keyPath: path] else { return nil }
      return after - before
    }
    userSeconds = difference(\.userSeconds)
    systemSeconds = difference(\.systemSeconds)
    writtenBytes = difference(\.writtenBytes)
    residentBytes = after.residentBytes
    anonymousBytes = after.anonymousBytes
    peakResidentBytes = after.peakResidentBytes
  }

  /// CPU of both kinds for each of `operations`, in microseconds.
  func cpuMicroseconds(per operations: Int) -> Double? {
    guard operations > 0, let userSeconds, let systemSeconds else { return nil }
    return (userSeconds + systemSeconds) * 1e6 / Double(operations)
  }

  /// Bytes written for each of `operations`.
  func writtenBytes(per operations: Int) -> Double? {
    guard operations > 0, let writtenBytes else { return nil }
    return Double(writtenBytes) / Double(operations)
  }
}
