import Client
import ContainerRuntime
import Objects
import Synchronization

extension KubeletRunner {
  /// Removes what nobody needs any more, again and again: folders of pods that have gone, and images when the disk is
  /// full.
  func collectGarbage() async {
    await pods.waitForSync()
    var records = ImageRecords()
    while !Task.isCancelled {
      await removeFolders()
      await collectImages(&records)
      do { try await time.sleep(for: KubeletLimits.collectionPeriod) } catch { return }
    }
  }

  // MARK: Folders

  /// Folders of pods that neither the API server nor the runtime knows.
  private func removeFolders() async {
    let path = "\(settings.rootDirectory)/pods"
    // Before it is asked who is wanted: a folder that comes later is of a pod that was known by then.
    guard (try? options.files.kind(path)) == .directory, let names = try? options.files.list(path),
      let snapshot = try? await RuntimeSnapshot(of: runtime), let wanted = wantedUIDs
    else { return }
    let present = Set(snapshot.uids)
    let leaving = state.withLock { Set($0.departed.keys) }
    for uid in names where !wanted.contains(uid) && !present.contains(uid) && !leaving.contains(uid) {
      do throws(ContainerConfigError) {
        try await volumes.tearDown(podUID: uid, settings: settings)
      } catch {
        options.log("orphaned pod \(uid) found, but its folder cannot be removed: \(error.message)")
      }
    }
  }

  /// The pods that are to be on this node; nil while that is not known.
  var wantedUIDs: Set<String>? {
    guard pods.hasSynced else { return nil }
    let (hasLoaded, statics) = state.withLock { state in
      (state.statics.hasLoaded, state.statics.manifests.pods.values.map(\.podUID))
    }
    return hasLoaded ? Set(pods.list().filter { !$0.isMirror }.map(\.podUID) + statics) : nil
  }

  // MARK: Images

  private func collectImages(_ records: inout ImageRecords) async {
    let collection = ImageCollection()
    do throws(RuntimeError) {
      let images = try await runtime.listImages("")
      let inUse = ImageRecords.inUse(try await runtime.listContainers(ContainerFilter()), images)
      let kept = options.keptImages + [try await sandboxImage].compactMap { $0 }
      let items = records.take(images, inUse: inUse, kept: kept, now: time.now)
      guard let filesystem = try await runtime.imageFilesystems().first,
        let space = options.space(filesystem.mountpoint)
      else { return }
      let chosen = collection.remove(
        items, inUse: inUse, capacity: space.capacity, available: space.available, now: time.now)
      var freed: UInt64 = 0
      for id in chosen {
        try await runtime.removeImage(ImageReference(id))
        freed += items.first { $0.id == id }?.size ?? 0
      }
      tellShortage(collection.missing(capacity: space.capacity, available: space.available), freed)
    } catch {
      options.log("images cannot be collected: \(error.message)")
    }
  }

  /// The image of sandboxes, where the runtime tells: not every runtime pins it.
  private var sandboxImage: String? {
    get async throws(RuntimeError) {
      guard let text = try await runtime.status(verbose: true).info["config"],
        let config = try? JSON.parse(Array(text.utf8))
      else { return nil }
      return config["sandboxImage"]?.string
    }
  }

  private func tellShortage(_ wanted: UInt64, _ freed: UInt64) {
    guard wanted > freed else { return }
    let node: JSON = ["metadata": ["name": .string(settings.nodeName), "uid": .string(settings.nodeName)]]
    recorder.event(
      regarding: node, resource: resources.nodes, type: "Warning", reason: "FreeDiskSpaceFailed",
      message: "Failed to garbage collect required amount of images. Attempted to free \(wanted) bytes, "
        + "but only found \(freed) bytes eligible to free.")
  }
}
