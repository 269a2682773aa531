import Exchange
import Objects

/// Sees to it that of several processes one does the work, by a Lease object (coordination.k8s.io).
public struct LeaderElection: Sendable {
  /// Times of an election; Kubernetes' defaults.
  public struct Timing: Sendable, Hashable {
    /// How long others wait after the leader's last sign of life.
    public var leaseDuration = Duration.seconds(15)
    /// How long the leader goes on without having renewed its lease.
    public var renewDeadline = Duration.seconds(10)
    /// The time between two attempts.
    public var retryPeriod = Duration.seconds(2)

    /// Kubernetes' defaults.
    public init() {}
  }

  private let client: APIClient
  private let key: ObjectKey
  private let identity: String
  private let timing: Timing
  private let time: any TimeSource

  /// An election for the lease of this name.
  ///
  /// - Parameter identity: tells this process from all others.
  public init(
    client: APIClient, namespace: String = "kube-system", name: String, identity: String,
    timing: Timing = Timing(), time: any TimeSource = SystemTime()
  ) {
    self.client = client
    key = ObjectKey(namespace: namespace, name: name)
    self.identity = identity
    self.timing = timing
    self.time = time
  }

  /// Waits to become the leader, and then does the work; returns when the work is done, when it is cancelled, or when
  /// the lease is lost, which cancels the work. Call it again to stand for election again.
  public func run(_ work: @escaping @Sendable () async -> Void) async {
    guard
      let leases = Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases")
    else { return }
    var lease = LeaderLease(identity: identity, key: key, duration: timing.leaseDuration)
    while await !attempt(leases, &lease) {
      do { try await time.sleep(for: timing.retryPeriod) } catch { return }
    }
    if !Task.isCancelled {
      let acquired = lease
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await work() }
        group.addTask {
          var lease = acquired
          await renew(leases, &lease)
        }
        await group.next()
        group.cancelAll()
      }
    }
    await release(leases, lease)
  }

  /// Renews the lease until that fails for too long, or the task is cancelled.
  private func renew(_ leases: Resource, _ lease: inout LeaderLease) async {
    var renewed = time.uptime
    while time.uptime - renewed < timing.renewDeadline {
      do { try await time.sleep(for: timing.retryPeriod) } catch { return }
      let began = time.uptime
      let left = timing.renewDeadline - (began - renewed)
      guard left > .zero else { return }
      if await attempt(leases, &lease, within: left) { renewed = began }
    }
  }

  /// Takes or renews the lease, unless that takes too long: a server that does not answer must not keep a leader that
  /// others have given up.
  private func attempt(_ leases: Resource, _ lease: inout LeaderLease, within limit: Duration) async -> Bool {
    let before = lease
    let (after, isOurs) = await withTaskGroup(of: (LeaderLease, Bool).self) { group in
      group.addTask {
        var lease = before
        let isOurs = await attempt(leases, &lease)
        return (lease, isOurs)
      }
      group.addTask {
        try? await time.sleep(for: limit)
        return (before, false)
      }
      let first = await group.next() ?? (before, false)
      group.cancelAll()
      return first
    }
    lease = after
    return isOurs
  }

  /// Takes or renews the lease.
  /// - Returns: whether it is ours.
  private func attempt(_ leases: Resource, _ lease: inout LeaderLease) async -> Bool {
    do throws(StatusError) {
      let there: JSON?
      do throws(StatusError) {
        there = try await client.get(leases, namespace: key.namespace, name: key.name)
      } catch {
        guard error.isNotFound else { throw error }
        there = nil
      }
      switch lease.step(there, now: time.now, uptime: time.uptime) {
      case .create(let new): try await client.create(leases, new)
      case .update(let new): try await client.update(leases, new)
      case .wait: return false
      }
      return true
    } catch {
      // A conflict, among others: somebody was faster.
      return false
    }
  }

  /// Gives the lease back, if the server can be reached; else it expires. Not cancelled with the caller.
  private func release(_ leases: Resource, _ lease: LeaderLease) async {
    let (client, key, now) = (client, key, time.now)
    await Task {
      guard let there = try? await client.get(leases, namespace: key.namespace, name: key.name),
        let released = lease.released(there, now: now)
      else { return }
      _ = try? await client.update(leases, released)
    }.value
  }
}
