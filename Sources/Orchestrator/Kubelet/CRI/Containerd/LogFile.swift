import Glibc

/// A file that a program appends to.
struct LogFile: Sendable {
  let path: String

  /// Once it is larger than the bound, its content moves to a file beside it, and it goes on empty. The program keeps
  /// it open for appending, so that it cannot be renamed away under it.
  func trim(to bytesMax: Int) {
    var facts = stat()
    guard stat(path, &facts) == 0, Int(facts.st_size) > bytesMax else { return }
    let source = open(path, O_RDWR | O_CLOEXEC)
    guard source >= 0 else { return }
    defer { close(source) }
    let copy = open(path + ".1", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    if copy >= 0 {
      // The newest bytes count, should it have grown far beyond the bound.
      var offset = off_t(max(0, Int(facts.st_size) - bytesMax))
      while sendfile(copy, source, &offset, 1 << 20) > 0 {}
      close(copy)
    }
    ftruncate(source, 0)
  }
}
