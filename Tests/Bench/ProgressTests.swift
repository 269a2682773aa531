import Testing

@testable import Bench

@Suite struct ProgressTests {
  @Test func fillsWithTheRequests() {
    let progress = Progress(total: 1000, durationSeconds: nil)
    let line = progress.line(answered: 250, elapsedSeconds: 10, perSecond: 25, width: 100)
    #expect(line.hasPrefix("[==========                              ] 25%  250  25/s  0:30 left"))
    #expect(progress.line(answered: 1000, elapsedSeconds: 40, perSecond: 25, width: 100).contains("] 100%"))
  }

  @Test func knowsTheTimeToo() {
    let progress = Progress(total: 1000, durationSeconds: 10)
    #expect(progress.fraction(answered: 100, elapsedSeconds: 5) == 0.5)
    #expect(progress.fraction(answered: 900, elapsedSeconds: 5) == 0.9)
    #expect(progress.fraction(answered: 2000, elapsedSeconds: 5) == 1)
    #expect(Progress(total: nil, durationSeconds: nil).fraction(answered: 5, elapsedSeconds: 5) == 0)
  }

  @Test("never wider than the terminal", arguments: [0, 1, 10, 20, 30, 40, 60, 80, 200])
  func fits(width: Int) {
    let progress = Progress(total: 1_000_000, durationSeconds: nil)
    let line = progress.line(answered: 123_456, elapsedSeconds: 100, perSecond: 1234, width: width)
    #expect(line.count <= width)
  }
}
