public import Exchange
public import Objects

/// Where API servers keep what they have handed out of a range, so that none hands out what another one has.
public protocol AllocationStore: Sendable {
  /// The `RangeAllocation` as it is now, and the revision that it was written at; 0 and nil if there is none.
  func load() async throws(StatusError) -> (object: JSON?, revision: Int64)

  /// Writes it if it still has that revision (0: if there is still none).
  /// - Returns: the new revision; nil if somebody else has written meanwhile.
  func save(_ object: JSON, expecting revision: Int64) async throws(StatusError) -> Int64?
}

/// Keys of the store where Kubernetes has the allocations.
public enum AllocationKeys {
  /// Of cluster IPs.
  public static let serviceAddresses = "/registry/ranges/serviceips"
  /// Of node ports.
  public static let nodePorts = "/registry/ranges/servicenodeports"
}

/// A `RangeAllocation` of Kubernetes.
struct RangeAllocation: Sendable {
  var range: String
  var bitmap: AllocationBitmap

  init(range: String, bitmap: AllocationBitmap) {
    self.range = range
    self.bitmap = bitmap
  }

  /// What is stored. If there is nothing, or something about another range, nothing is taken: the repair finds what
  /// the services have.
  init(stored object: JSON?, of range: some AllocationRange) {
    self.range = range.text
    let isOfRange = object?["range"]?.string == range.text
    bitmap =
      (isOfRange ? AllocationBitmap(count: range.count, base64: object?.text("data") ?? "") : nil)
      ?? AllocationBitmap(count: range.count)
  }

  var json: JSON {
    [
      "kind": "RangeAllocation", "apiVersion": "v1", "metadata": [:], "range": .string(range),
      "data": .string(bitmap.base64),
    ]
  }
}
