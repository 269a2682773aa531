public import Objects

/// A change in what an informer knows.
public enum InformerEvent: Sendable, Hashable {
  /// An object is new, or is there when the informer begins.
  case added(JSON)
  /// An object has changed. What lay between the two may have gone unseen.
  case updated(old: JSON, new: JSON)
  /// An object is gone; as it was when it was last seen.
  case deleted(JSON)
}
