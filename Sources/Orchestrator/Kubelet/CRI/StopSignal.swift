/// The numbers that CRI gives to signals (CRI: Signal): an enumeration of names, not the kernel's numbers.
enum StopSignal {
  private static let names = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG",
    "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN",
  ]
  private static let minimum = 35
  private static let maximum = 65
  /// `SIGRTMIN+15` and `SIGRTMAX-14` are neighbours.
  private static let lastAboveMinimum = 15
  private static let lastBelowMaximum = 14

  /// The number of a name such as `SIGTERM` or `SIGRTMIN+1`; zero, the image's own signal, for any other text.
  static func number(_ name: String) -> Int32 {
    guard name.hasPrefix("SIG") else { return 0 }
    let rest = name.dropFirst(3)
    if let index = names.firstIndex(where: { $0 == rest }) { return Int32(index + 1) }
    if rest == "RTMAX" { return Int32(maximum) }
    if rest.hasPrefix("RTMIN+"), let step = Int(rest.dropFirst(6)), (1...lastAboveMinimum).contains(step) {
      return Int32(minimum + step)
    }
    if rest.hasPrefix("RTMAX-"), let step = Int(rest.dropFirst(6)), (1...lastBelowMaximum).contains(step) {
      return Int32(maximum - step)
    }
    return 0
  }
}
