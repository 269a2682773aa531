import Testing

@testable import Bench

@Suite struct ProcessUsageTests {
  private static let stat =
    "4242 (a (very) odd) name) S 1 4242 4242 0 -1 4194560 1500 0 3 0 1234 567 0 0 20 0 9 0 100 5000 300\n"
  private static let status = """
    Name:\tetcd
    VmPeak:\t11000000 kB
    VmHWM:\t   40000 kB
    VmRSS:\t   30000 kB
    RssAnon:\t   10000 kB
    RssFile:\t   20000 kB

    """
  private static let io = """
    rchar: 10
    wchar: 20
    read_bytes: 4096
    write_bytes: 819200
    cancelled_write_bytes: 4096

    """

  @Test func readsTheFilesOfProc() {
    let usage = ProcessUsage(stat: Self.stat, status: Self.status, io: Self.io, ticksPerSecond: 100)
    #expect(usage.userSeconds == 12.34)
    #expect(usage.systemSeconds == 5.67)
    #expect(usage.residentBytes == 30000 << 10)
    #expect(usage.anonymousBytes == 10000 << 10)
    #expect(usage.peakResidentBytes == 40000 << 10)
    #expect(usage.writtenBytes == 819_200)
  }

  @Test("what is not told is unknown, not zero", arguments: ["", "1 (x", "1 (x) S 1 2", "garbage\n\n:::"])
  func unknown(text: String) {
    let usage = ProcessUsage(stat: text, status: text, io: text, ticksPerSecond: 100)
    #expect(usage.userSeconds == nil)
    #expect(usage.residentBytes == nil)
    #expect(usage.writtenBytes == nil)
  }

  @Test func readsThisProcess() throws {
    let usage = ProcessUsage.ofThisProcess()
    #expect(try #require(usage.residentBytes) > 0)
    #expect(try #require(usage.anonymousBytes) <= #require(usage.residentBytes))
    #expect(usage.userSeconds != nil)
    #expect(ProcessUsage.read(process: -1) == nil)
  }

  @Test func differences() throws {
    var before = ProcessUsage(stat: Self.stat, status: Self.status, io: Self.io, ticksPerSecond: 100)
    var after = before
    after.userSeconds = 13.34
    after.systemSeconds = 6.67
    after.writtenBytes = 819_200 + 4000
    after.residentBytes = 7
    let difference = UsageDifference(from: before, to: after)
    #expect(abs(try #require(difference.cpuMicroseconds(per: 1000)) - 2000) < 1e-6)
    #expect(difference.writtenBytes(per: 1000) == 4)
    #expect(difference.residentBytes == 7)
    #expect(difference.cpuMicroseconds(per: 0) == nil)
    before.writtenBytes = nil
    #expect(UsageDifference(from: before, to: after).writtenBytes == nil)
  }
}
