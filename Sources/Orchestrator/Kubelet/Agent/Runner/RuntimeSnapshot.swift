import Client
import ContainerRuntime

/// All sandboxes and containers of pods at one moment, for finding what changed.
struct RuntimeSnapshot: Sendable, Hashable {
  private enum Doing: Sendable, Hashable {
    case sandbox(SandboxState)
    case container(ContainerState)
  }

  private struct Entry: Sendable, Hashable {
    var pod: ObjectKey
    var uid: String
    var doing: Doing
  }

  private var entries: [String: Entry] = [:]

  init() {}

  init(of runtime: any ContainerRuntime) async throws(RuntimeError) {
    for sandbox in try await runtime.listPodSandboxes(PodSandboxFilter()) {
      note(sandbox.id, sandbox.labels, .sandbox(sandbox.state))
    }
    for container in try await runtime.listContainers(ContainerFilter()) {
      note(container.id, container.labels, .container(container.state))
    }
  }

  /// What has no such labels is not a kubelet's.
  private mutating func note(_ id: String, _ labels: [String: String], _ doing: Doing) {
    guard let uid = labels[KubeletLabels.podUID], let name = labels[KubeletLabels.podName],
      let namespace = labels[KubeletLabels.podNamespace]
    else { return }
    entries[id] = Entry(pod: ObjectKey(namespace: namespace, name: name), uid: uid, doing: doing)
  }

  /// The pods that have anything here.
  var uids: [String] { Set(entries.values.map(\.uid)).sorted() }

  /// The pods of which something came, went or changed.
  func changes(since before: RuntimeSnapshot) -> [ObjectKey] {
    var changed: Set<ObjectKey> = []
    for (id, entry) in entries where before.entries[id] != entry { changed.insert(entry.pod) }
    for (id, entry) in before.entries where entries[id] == nil { changed.insert(entry.pod) }
    return changed.sorted()
  }
}

extension ObservedPod {
  /// What the runtime has of a pod now.
  init(uid: String, runtime: any ContainerRuntime) async throws(RuntimeError) {
    let labels = [KubeletLabels.podUID: uid]
    let listed = try await runtime.listPodSandboxes(PodSandboxFilter(labels: labels))
    var sandboxes: [PodSandboxStatus] = []
    for sandbox in listed {
      if let status = try await found({ () async throws(RuntimeError) in
        try await runtime.podSandboxStatus(sandbox.id)
      }) {
        sandboxes.append(status)
      }
    }
    var containers: [Item] = []
    // Containers do not outlive their sandboxes: a new pod costs one call.
    for container in listed.isEmpty
      ? [] : try await runtime.listContainers(ContainerFilter(labels: labels))
    {
      if let status = try await found({ () async throws(RuntimeError) in
        try await runtime.containerStatus(container.id)
      }) {
        containers.append(Item(status, sandboxID: container.sandboxID))
      }
    }
    self.init(sandboxes: sandboxes, containers: containers)
  }
}

/// What is asked for, or nil if it has gone since it was listed.
private func found<Value>(
  _ ask: () async throws(RuntimeError) -> Value
) async throws(RuntimeError) -> Value? {
  do throws(RuntimeError) {
    return try await ask()
  } catch {
    if error.code == .notFound { return nil }
    throw error
  }
}
