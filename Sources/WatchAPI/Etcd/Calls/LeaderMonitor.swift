import NIOCore
import RaftKV
import Synchronization

/// Ends the streams of clients that insist on a leader, once none has been known for some time. A client that opens its
/// stream anew costs much, so this is slower than refusing new calls (etcd: `monitorLeader`).
final class LeaderMonitor<Node: ServedNode>: Sendable {
  typealias ID = UInt64

  /// So many looks in a row that find no leader end the streams (etcd: `maxNoLeaderCnt`).
  private static var looksMax: Int { 3 }

  private struct State {
    var streams: [ID: @Sendable () -> Void] = [:]
    var nextID: ID = 1
    var looksWithoutLeader = 0
    /// There while there are streams.
    var timer: RepeatedTask?

    mutating func stopIfIdle() {
      guard streams.isEmpty else { return }
      timer?.cancel()
      timer = nil
    }
  }

  private let node: Node
  private let eventLoop: any EventLoop
  private let interval: TimeAmount
  private let state = Mutex(State())

  /// Looks once every `interval`, an election timeout, on `eventLoop`.
  init(node: Node, eventLoop: any EventLoop, interval: TimeAmount) {
    self.node = node
    self.eventLoop = eventLoop
    self.interval = interval
  }

  /// `lost` is called at most once, on the monitor's loop, and must only hand on that the leader is lost.
  func add(_ lost: @escaping @Sendable () -> Void) -> ID {
    state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      state.streams[id] = lost
      if state.timer == nil {
        state.looksWithoutLeader = 0
        state.timer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
          [weak self] _ in
          self?.look()
        }
      }
      return id
    }
  }

  func remove(_ id: ID) {
    state.withLock { state in
      state.streams[id] = nil
      state.stopIfIdle()
    }
  }

  private func look() {
    let hasLeader = node.status.leader != 0
    let lost = state.withLock { state -> [@Sendable () -> Void] in
      state.looksWithoutLeader = hasLeader ? 0 : state.looksWithoutLeader + 1
      guard state.looksWithoutLeader >= Self.looksMax else { return [] }
      defer {
        state.streams = [:]
        state.stopIfIdle()
      }
      return Array(state.streams.values)
    }
    for stream in lost { stream() }
  }
}
