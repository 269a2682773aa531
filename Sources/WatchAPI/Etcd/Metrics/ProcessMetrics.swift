import Glibc

/// What the kernel tells about this process (proc(5)), under the names that Prometheus clients use.
enum ProcessMetrics {
  /// The fields of `/proc/self/stat` behind the command's name; it may hold spaces, and stands in parentheses.
  static func fields(ofStat text: String) -> [Substring] {
    guard let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
  }

  /// Field numbers as proc(5) has them: the first behind the name is 3.
  static func field(_ number: Int, ofStat text: String) -> Double {
    let fields = fields(ofStat: text)
    return fields.indices.contains(number - 3) ? Double(fields[number - 3]) ?? 0 : 0
  }

  static func stat(_ number: Int) -> Double { field(number, ofStat: contents("/proc/self/stat")) }

  static let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
  static let pageBytes = Double(sysconf(Int32(_SC_PAGESIZE)))

  /// When the machine started, in seconds since 1970.
  static func bootTime(ofStat text: String) -> Double {
    for line in text.split(separator: "\n") where line.hasPrefix("btime ") {
      return Double(line.dropFirst(6)) ?? 0
    }
    return 0
  }

  static var openFiles: Double {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // Neither ".", "..", nor the directory itself.
    return Double(max(0, count - 3))
  }

  static var maximumFiles: Double {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? Double(limit.rlim_cur) : 0
  }

  /// A small file as text; empty if it cannot be read.
  static func contents(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = read(file, &chunk, chunk.count)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension MetricsRegistry {
  /// CPU, memory and files of this process.
  func registerProcess() {
    let start =
      ProcessMetrics.bootTime(ofStat: ProcessMetrics.contents("/proc/stat"))
      + ProcessMetrics.stat(22) / ProcessMetrics.ticks
    counter(
      "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds."
    ) { (ProcessMetrics.stat(14) + ProcessMetrics.stat(15)) / ProcessMetrics.ticks }
    gauge("process_resident_memory_bytes", help: "Resident memory size in bytes.") {
      ProcessMetrics.stat(24) * ProcessMetrics.pageBytes
    }
    gauge("process_virtual_memory_bytes", help: "Virtual memory size in bytes.") { ProcessMetrics.stat(23) }
    gauge("process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.") {
      start
    }
    gauge("process_open_fds", help: "Number of open file descriptors.") { ProcessMetrics.openFiles }
    gauge("process_max_fds", help: "Maximum number of open file descriptors.") { ProcessMetrics.maximumFiles }
  }
}
