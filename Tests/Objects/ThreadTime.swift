import Glibc

/// The processor time that this thread takes for `body`: how much work it is, however busy the machine.
func threadTime<Result>(_ body: () throws -> Result) rethrows -> (result: Result, time: Duration) {
  func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
  let start = now()
  let result = try body()
  return (result, now() - start)
}
