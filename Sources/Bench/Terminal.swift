internal import Glibc

/// Standard error as the place for progress, if a person looks at it.
struct Terminal {
  let isInteractive = isatty(STDERR_FILENO) == 1

  /// Replaces the line that was shown before.
  func show(_ line: String) { write("\r\u{1B}[K" + line) }

  /// Removes the line that was shown before.
  func clear() { write("\r\u{1B}[K") }

  /// Columns of a line.
  var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col) - 1
  }

  private func write(_ text: String) {
    guard isInteractive else { return }
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
