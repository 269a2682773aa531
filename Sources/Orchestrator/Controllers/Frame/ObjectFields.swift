import Client
import Objects

/// Reading objects with Go's zero values: they come from an API server, which has checked their types.
extension JSON {
  var name: String { self["metadata", "name"]?.string ?? "" }
  var namespace: String { self["metadata", "namespace"]?.string ?? "" }
  var uid: String { self["metadata", "uid"]?.string ?? "" }
  var resourceVersion: String { self["metadata", "resourceVersion"]?.string ?? "" }
  var generation: Int64 { self["metadata", "generation"]?.integer ?? 0 }
  var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }

  var labels: JSONObject { self["metadata", "labels"]?.object ?? [:] }
  var annotations: JSONObject { self["metadata", "annotations"]?.object ?? [:] }
  func annotation(_ key: String) -> String? { self["metadata", "annotations"]?[key]?.string }
  func label(_ key: String) -> String? { self["metadata", "labels"]?[key]?.string }
  var finalizers: [String] { (self["metadata", "finalizers"]?.array ?? []).compactMap(\.string) }

  var creationTime: Timestamp? { time(at: "metadata", "creationTimestamp") }
  var deletionTime: Timestamp? { time(at: "metadata", "deletionTimestamp") }
  var isBeingDeleted: Bool { (self["metadata", "deletionTimestamp"].map { !$0.isNull }) ?? false }

  /// A moment at a path; nil if there is none, or none that can be read.
  func time(at path: String...) -> Timestamp? {
    var value: JSON? = self
    for key in path { value = value?[key] }
    return value?.string.flatMap { Timestamp($0) }
  }

  /// An integer of a status; absent counts as zero.
  func count(_ path: String...) -> Int {
    var value: JSON? = self
    for key in path { value = value?[key] }
    return Int(clamping: value?.integer ?? 0)
  }

  /// An integer.
  static func count(_ value: Int) -> JSON { .integer(Int64(value)) }
}

extension Timestamp {
  /// The moment this many whole seconds later; what is out of range is cut.
  func advanced(bySeconds seconds: Int64) -> Timestamp {
    let (sum, overflows) = self.seconds.addingReportingOverflow(seconds)
    return Timestamp(seconds: overflows ? (seconds < 0 ? .min : .max) : sum, nanoseconds: nanoseconds)
  }

  /// How long after another moment this is; negative before it.
  func since(_ earlier: Timestamp) -> Duration {
    let (seconds, overflows) = self.seconds.subtractingReportingOverflow(earlier.seconds)
    if overflows { return .seconds(self.seconds < earlier.seconds ? Int64.min : Int64.max) }
    return .seconds(seconds) + .nanoseconds(Int64(nanoseconds) - Int64(earlier.nanoseconds))
  }
}

/// A name in quotes. Names of objects have no characters that would have to be escaped.
func quoted(_ name: String) -> String { "\"" + name + "\"" }

extension Int64 {
  /// The number of what comes after this one. The last is followed by itself: anybody may have written it.
  var following: Int64 { self == .max ? self : self + 1 }
}
