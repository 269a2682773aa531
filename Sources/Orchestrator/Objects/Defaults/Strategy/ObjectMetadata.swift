/// The rules for `metadata` that all kinds share.
public enum ObjectMetadata {
  /// A name from `generateName` and a random suffix, of which the API server uses five characters. A long base is cut
  /// so that the name fits where 63 characters are allowed.
  public static func generatedName(base: String, suffix: String) -> String {
    let longest = max(0, 63 - suffix.utf8.count)
    guard base.utf8.count > longest else { return base + suffix }
    // Cutting between bytes of one character gives what no name may have; validation tells.
    return String(decoding: base.utf8.prefix(longest), as: UTF8.self) + suffix
  }

  /// Gives a new object its identity. A client may set neither that nor a deletion.
  public static func prepareForCreate(
    _ object: inout JSON, uid: String, namespace: String? = nil, time: Timestamp
  ) {
    object.reviseStructure("metadata") { metadata in
      for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] { metadata[field] = nil }
      metadata["uid"] = .string(uid)
      metadata["creationTimestamp"] = .string(time.text)
      if let namespace { metadata.fillBlank("namespace", with: .string(namespace)) }
    }
  }

  /// Keeps what an update may not change. An identity that the client left out is the old one; one that differs stays,
  /// for validation to refuse.
  public static func prepareForUpdate(_ object: inout JSON, from old: JSON) {
    let oldMetadata = old["metadata"] ?? .object([:])
    object.reviseStructure("metadata") { metadata in
      metadata["selfLink"] = nil
      metadata["generation"] = oldMetadata["generation"]
      for field in ["uid", "namespace"] {
        if metadata.isBlank(field) { metadata[field] = oldMetadata[field] }
      }
      if !oldMetadata.lacks("creationTimestamp") {
        metadata["creationTimestamp"] = oldMetadata["creationTimestamp"]
      }
      // A deletion cannot be taken back.
      if !oldMetadata.lacks("deletionTimestamp") {
        metadata["deletionTimestamp"] = oldMetadata["deletionTimestamp"]
      }
      if let seconds = oldMetadata["deletionGracePeriodSeconds"] {
        metadata.fill("deletionGracePeriodSeconds", with: seconds)
      }
    }
  }

  /// Whether nothing holds a deleted object any more, so that it can go.
  public static func isReadyToGo(_ object: JSON) -> Bool {
    guard let metadata = object["metadata"], !metadata.lacks("deletionTimestamp") else { return false }
    return metadata.isBlank("finalizers") && (metadata["deletionGracePeriodSeconds"]?.integer ?? 0) == 0
  }

  /// Marks an object as being deleted: it is to go `gracePeriodSeconds` after `time`. One that is being deleted already
  /// can only go sooner. Counts the generation where there is one.
  public static func markDeleted(_ object: inout JSON, at time: Timestamp, gracePeriodSeconds: Int64) {
    // Longer ones end when four digits for a year do, beyond which no time can be read.
    let seconds = min(max(0, gracePeriodSeconds), max(0, Timestamp.latest.seconds - time.seconds))
    let old = object
    object.reviseStructure("metadata") { metadata in
      var start = time
      if !metadata.lacks("deletionTimestamp") {
        let isSooner = (metadata["deletionGracePeriodSeconds"]?.integer).map { seconds < $0 } ?? false
        guard isSooner, let end = metadata["deletionTimestamp"]?.string.flatMap({ Timestamp($0) }) else {
          return
        }
        // The time counts from the first request.
        let elapsed = metadata["deletionGracePeriodSeconds"]?.integer ?? 0
        start = end.adding(seconds: -elapsed)
      } else if !metadata.isBlank("generation") {
        metadata["generation"] = .integer(nextGeneration(after: old))
      }
      metadata["deletionTimestamp"] = .string(start.adding(seconds: seconds).text)
      metadata["deletionGracePeriodSeconds"] = .integer(seconds)
    }
  }

  static func nextGeneration(after old: JSON) -> Int64 {
    let (next, isTooLarge) = (old["metadata", "generation"]?.integer ?? 0).addingReportingOverflow(1)
    return isTooLarge ? .max : next
  }

  /// For updates of status and other subresources that must not touch metadata.
  static func keepAllButManagedFields(of object: inout JSON, from old: JSON) {
    let oldMetadata = old["metadata"] ?? .object([:])
    object.reviseStructure("metadata") { metadata in
      for field in [
        "annotations", "deletionTimestamp", "finalizers", "generation", "labels", "ownerReferences",
        "selfLink",
      ] { metadata[field] = oldMetadata[field] }
    }
  }
}

extension Timestamp {
  /// This time so many seconds later, or the end of what times there are.
  fileprivate func adding(seconds more: Int64) -> Timestamp {
    let (sum, isTooFar) = seconds.addingReportingOverflow(more)
    if isTooFar { return more < 0 ? .zero : .latest }
    return min(max(.zero, Timestamp(seconds: sum, nanoseconds: nanoseconds)), .latest)
  }
}
