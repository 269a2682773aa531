import Testing

@testable import ContainerRuntime

struct CallGateTests {
  @Test func `first come, first served`() {
    var gate = CallGate(limit: 2, waitingLimit: 2)
    #expect((1...5).map { gate.enter($0) } == [.admitted, .admitted, .waits, .waits, .refused])
    #expect(gate.leave(2) == 3)
    #expect(gate.leave(1) == 4)
    #expect(gate.leave(3) == nil)
    #expect(gate.enter(6) == .admitted)
    #expect(gate.enter(7) == .waits)
  }

  @Test func `a call that gives up waiting frees its place and no turn`() {
    var gate = CallGate(limit: 1, waitingLimit: 1)
    #expect(gate.enter(1) == .admitted)
    #expect(gate.enter(2) == .waits)
    #expect(gate.leave(2) == nil)
    #expect(gate.enter(3) == .waits)
    #expect(gate.leave(1) == 3)
    #expect(gate.leave(99) == nil)
    #expect(gate.enter(4) == .waits)
  }

  @Test func `pauses double up to the longest, and success ends them`() {
    var pause = ReconnectPause(first: .milliseconds(50), longest: .milliseconds(150))
    #expect(pause.allows(at: .zero))
    var now = Duration.zero
    for step in [50, 100, 150, 150] {
      pause.failed(at: now)
      #expect(!pause.allows(at: now + .milliseconds(step - 1)))
      #expect(pause.allows(at: now + .milliseconds(step)))
      now += .milliseconds(step)
    }
    pause.succeeded()
    #expect(pause.allows(at: .zero))
    pause.failed(at: now)
    #expect(pause.allows(at: now + .milliseconds(50)))
  }
}
