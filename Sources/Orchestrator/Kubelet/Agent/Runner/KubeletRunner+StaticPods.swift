import Client
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// What static pods have become of; nothing of it outlives the kubelet.
  struct StaticState: Sendable {
    var manifests = ManifestSet()
    /// Whether the folder was read: until then nobody knows which pods are nobody's.
    var hasLoaded = false
    /// By uid, as the API server would have it.
    var statuses: [String: JSON] = [:]
    var lastFailure: String?
  }

  /// A static pod with the status it has.
  func staticPod(_ key: ObjectKey) -> JSON? {
    guard var pod = state.withLock({ $0.statics.manifests.pods[key] }) else { return nil }
    if let status = state.withLock({ $0.statics.statuses[pod.podUID] }) {
      pod["status"] = status
    } else if let mirror = pods[key], mirror.isMirror, StaticPod.shows(mirror, pod) {
      // From before this kubelet started.
      pod["status"] = mirror["status"]
    }
    return pod
  }

  /// Reads the folder again and again.
  func followManifests() async {
    guard let folder = options.manifests else {
      state.withLock { $0.statics.hasLoaded = true }
      return
    }
    let maker = StaticPod(nodeName: settings.nodeName, shape: resources.podShape)
    while !Task.isCancelled {
      load(folder, maker)
      do { try await time.sleep(for: KubeletLimits.manifestPeriod) } catch { return }
    }
  }

  private func load(_ folder: ManifestFolder, _ maker: StaticPod) {
    let files: [String: [UInt8]]
    do throws(NodeFileError) {
      files = try read(folder.path)
      state.withLock { $0.statics.lastFailure = nil }
    } catch {
      // What runs goes on.
      let isNews = state.withLock { state in
        defer { state.statics.lastFailure = error.message }
        return state.statics.lastFailure != error.message
      }
      if isNews { options.log("manifests: \(error.message)") }
      return
    }
    let now = time.now
    let (before, after, messages) = state.withLock { state in
      let before = state.statics.manifests.pods
      let messages = state.statics.manifests.take(files) { file, bytes throws(StaticPod.Failure) in
        let manifest: JSON
        do { manifest = try folder.decode(bytes) } catch { throw StaticPod.Failure(message: "\(error)") }
        return try maker.pod(manifest, file: file, now: now)
      }
      state.statics.hasLoaded = true
      return (before, state.statics.manifests.pods, messages)
    }
    for message in messages { options.log(message) }
    for (key, pod) in before where after[key]?.podUID != pod.podUID {
      depart(pod)
      podKeys.add(key)
    }
    for (key, pod) in after where before[key]?.podUID != pod.podUID { podKeys.add(key) }
  }

  private func read(_ folder: String) throws(NodeFileError) -> [String: [UInt8]] {
    guard try options.files.kind(folder) != nil else { throw NodeFileError("there is no folder \(folder)") }
    var files: [String: [UInt8]] = [:]
    for name in try options.files.list(folder) where !name.hasPrefix(".") {
      guard files.count < ManifestSet.countLimit else {
        throw NodeFileError("there are more than \(ManifestSet.countLimit) files in \(folder)")
      }
      let path = "\(folder)/\(name)"
      // Folders in it do not count.
      guard let content = try options.files.tail(path, limit: ManifestSet.fileLimit) else { continue }
      // What is cut makes no pod, and says so.
      files[path] = content.bytes
    }
    return files
  }

  /// Whether a pod that was here under this name has not stopped yet.
  func isStillLeaving(_ key: ObjectKey) -> Bool {
    state.withLock { $0.departed.values.contains { ObjectKey($0) == key && $0.isStatic } }
  }

  // MARK: Mirrors

  /// Sees to it that the API server shows a static pod; false if it does not yet.
  func showMirror(of pod: JSON, _ key: ObjectKey) async -> Bool {
    // Whether there is one is not known while the server is away.
    guard pods.hasSynced else { return false }
    do throws(StatusError) {
      if let there = pods[key] {
        if there.isMirror, StaticPod.shows(there, pod) { return true }
        guard there.isMirror else {
          options.log("there is a pod \(key) in the API server: the static pod of this name is not shown")
          return true
        }
        try await deleteMirror(there, key)
      }
      let node = try await client.get(resources.nodes, name: settings.nodeName)
      try await client.create(resources.pods, StaticPod.mirror(of: pod, node: node))
      return true
    } catch {
      return error.isAlreadyExists
    }
  }

  /// A mirror of what is not there any more goes at once.
  func deleteMirror(_ mirror: JSON, _ key: ObjectKey) async throws(StatusError) {
    do throws(StatusError) {
      let options = APIClient.deleteOptions(gracePeriodSeconds: 0, uid: mirror.podUID)
      try await client.delete(resources.pods, namespace: key.namespace, name: key.name, options: options)
    } catch {
      guard error.isNotFound || error.isConflict else { throw error }
    }
  }

  /// What is left in the API server of a static pod that has gone.
  func removeMirror(_ key: ObjectKey) async {
    guard let mirror = pods[key], mirror.isMirror, state.withLock({ $0.statics.hasLoaded }),
      !isStillLeaving(key)
    else { return }
    do throws(StatusError) { try await deleteMirror(mirror, key) } catch { podKeys.addRateLimited(key) }
  }
}

extension JSON {
  /// Whether a pod is from a file of this node.
  var isStatic: Bool { self["metadata", "annotations", StaticPod.source]?.string == "file" && !isMirror }
}
