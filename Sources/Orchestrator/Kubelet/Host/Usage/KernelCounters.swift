/// Reads what the kernel counts (proc(5)). Pure; what cannot be read is zero.
enum KernelCounters {
  /// A hundredth of a second, in which the kernel counts for programs (`USER_HZ`).
  private static let tickNanoseconds: UInt64 = 10_000_000

  /// Of `/proc/stat`: all but idling and waiting for disks.
  static func cpuNanoseconds(_ text: String) -> UInt64 {
    guard let line = lines(text).first(where: { $0.hasPrefix("cpu ") }) else { return 0 }
    let numbers = line.split(separator: " ").dropFirst().map { UInt64($0) ?? 0 }
    // user nice system idle iowait irq softirq steal; guests are within user.
    let ticks = numbers.prefix(8).enumerated().filter { $0.offset != 3 && $0.offset != 4 }
    return ticks.reduce(0) { $0 &+ $1.element } &* tickNanoseconds
  }

  /// Of `/proc/PID/stat`: of the program and of the kernel for it.
  static func processNanoseconds(_ text: String) -> UInt64 {
    // The name, which may hold anything, is in parentheses.
    guard let end = text.lastIndex(of: ")") else { return 0 }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // utime and stime are the fields 14 and 15, counted from 1.
    guard fields.count > 12 else { return 0 }
    return ((UInt64(fields[11]) ?? 0) &+ (UInt64(fields[12]) ?? 0)) &* tickNanoseconds
  }

  /// Of `/proc/meminfo` and `/proc/vmstat`.
  static func memory(_ text: String, events: String) -> NodeUsage.Memory {
    let fields = fields(text).mapValues { $0.multipliedReportingOverflow(by: 1024) }
      .mapValues { $0.overflow ? 0 : $0.partialValue }
    func field(_ name: String) -> UInt64 { fields[name] ?? 0 }
    func less(_ number: UInt64, _ part: UInt64) -> UInt64 { number > part ? number - part : 0 }
    var memory = NodeUsage.Memory()
    memory.total = field("MemTotal")
    memory.usage = less(field("MemTotal"), field("MemFree"))
    memory.workingSet = less(memory.usage, field("Inactive(file)"))
    memory.resident = field("AnonPages")
    for line in lines(events) {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = UInt64(words[1]) else { continue }
      if words[0] == "pgfault" { memory.pageFaults = number }
      if words[0] == "pgmajfault" { memory.majorPageFaults = number }
    }
    return memory
  }

  /// `Name: number unit` lines; those without a number are left out.
  static func fields(_ text: String) -> [String: UInt64] {
    var fields: [String: UInt64] = [:]
    for line in lines(text) {
      guard let colon = line.firstIndex(of: ":"),
        let word = line[colon...].dropFirst().split(whereSeparator: \.isWhitespace).first,
        let number = UInt64(word)
      else { continue }
      fields[String(line[..<colon])] = number
    }
    return fields
  }

  /// Of `/proc/net/dev`.
  static func interfaces(_ text: String) -> [NodeUsage.Interface] {
    lines(text).dropFirst(2).compactMap { line in
      guard let colon = line.lastIndex(of: ":") else { return nil }
      let numbers = line[colon...].dropFirst().split(separator: " ").map { UInt64($0) ?? 0 }
      guard numbers.count >= 16 else { return nil }
      let name = line[..<colon].drop { $0 == " " }
      return NodeUsage.Interface(
        name: String(name), receivedBytes: numbers[0], receiveErrors: numbers[2], sentBytes: numbers[8],
        sendErrors: numbers[10])
    }
  }

  /// Of `/proc/loadavg`, and the least of the limits.
  static func processes(_ text: String, limits: [String]) -> (current: Int64, maximum: Int64) {
    let words = text.split(separator: " ")
    let current = words.count > 3 ? words[3].split(separator: "/").last.flatMap { Int64($0) } : nil
    return (current ?? 0, limits.compactMap { lines($0).first.flatMap { Int64($0) } }.min() ?? 0)
  }

  private static func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
}
