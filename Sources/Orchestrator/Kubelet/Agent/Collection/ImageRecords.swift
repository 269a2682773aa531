import ContainerRuntime
import Objects

/// Since when images are here, and when they were used last: what the runtime does not tell. Pure.
struct ImageRecords: Sendable, Hashable {
  private struct Record: Sendable, Hashable {
    var firstSeen: Timestamp
    var lastUsed = Timestamp.zero
  }

  private var records: [String: Record] = [:]

  /// Takes what is there now. Images that have gone are forgotten, so that there are no more records than images.
  ///
  /// - Parameter kept: names of images that are never to go, such as that of sandboxes.
  mutating func take(
    _ images: [Image], inUse: Set<String>, kept: [String], now: Timestamp
  ) -> [ImageCollection.Item] {
    let ids = Set(images.map(\.id))
    records = records.filter { ids.contains($0.key) }
    return images.map { image in
      var record = records[image.id] ?? Record(firstSeen: now)
      if inUse.contains(image.id) { record.lastUsed = now }
      records[image.id] = record
      let isKept = kept.contains { $0 == image.id || image.tags.contains($0) || image.digests.contains($0) }
      return ImageCollection.Item(
        id: image.id, size: image.size, firstSeen: record.firstSeen, lastUsed: record.lastUsed,
        isPinned: image.isPinned || isKept)
    }
  }

  /// The images that containers have, running or not: runtimes name them by id, tag or digest.
  static func inUse(_ containers: [Container], _ images: [Image]) -> Set<String> {
    let names = Set(containers.flatMap { [$0.imageID, $0.imageReference, $0.image.image] })
    return Set(
      images.filter { image in
        names.contains(image.id) || image.tags.contains(where: names.contains)
          || image.digests.contains(where: names.contains)
      }.map(\.id))
  }
}
