/// Reads an object, or a part of one, for the cells of a table. What is absent, null or of another type reads as empty.
struct ObjectReader: Sendable {
  let json: JSON
  /// The time at which ages are told.
  let now: Timestamp

  /// The value at this path; nil where there is none or null.
  func value(_ path: [String]) -> JSON? {
    var value = json
    for key in path {
      guard let next = value[key] else { return nil }
      value = next
    }
    return value.isNull ? nil : value
  }

  func value(_ path: String...) -> JSON? { value(path) }

  func text(_ path: String...) -> String { value(path)?.string ?? "" }

  /// The text there, or this one where it is absent (`absent`) or empty too (`empty`).
  func text(_ path: String..., absent: String) -> String { value(path)?.string ?? absent }

  func text(_ path: String..., empty: String) -> String {
    let text = value(path)?.string ?? ""
    return text.isEmpty ? empty : text
  }

  func integer(_ path: String...) -> Int64 { value(path)?.integer ?? 0 }

  func boolean(_ path: String..., absent: Bool = false) -> Bool { value(path)?.boolean ?? absent }

  func has(_ path: String...) -> Bool { value(path) != nil }

  /// The elements of the list there.
  func items(_ path: [String]) -> [ObjectReader] {
    (value(path)?.array ?? []).map { ObjectReader(json: $0, now: now) }
  }

  func items(_ path: String...) -> [ObjectReader] { items(path) }

  /// The texts in the list there.
  func texts(_ path: String...) -> [String] { (value(path)?.array ?? []).compactMap(\.string) }

  /// The number of members of the object, or elements of the list, there.
  func count(_ path: String...) -> Int64 {
    switch value(path) {
    case .object(let object): Int64(object.count)
    case .array(let array): Int64(array.count)
    default: 0
    }
  }

  /// The quantity there in its canonical form.
  func quantity(_ path: [String], absent: String) -> String {
    guard let value = value(path) else { return absent }
    return Quantity(value)?.canonical ?? value.string ?? absent
  }

  func quantity(_ path: String..., absent: String = "0") -> String { quantity(path, absent: absent) }

  /// The time there; nil for none and for Go's zero time.
  func time(_ path: [String]) -> Timestamp? {
    guard let text = value(path)?.string, let time = Timestamp(text) else { return nil }
    return time.seconds == Self.zeroTimeSeconds ? nil : time
  }

  func time(_ path: String...) -> Timestamp? { time(path) }

  /// How long ago the time there was, `<unknown>` for none.
  func elapsed(since path: String...) -> String { elapsed(since: time(path)) }

  func elapsed(since time: Timestamp?) -> String {
    guard let time else { return "<unknown>" }
    return HumanDuration.text(from: time, to: now)
  }

  /// The object's age.
  var age: String { elapsed(since: "metadata", "creationTimestamp") }

  var isBeingDeleted: Bool { has("metadata", "deletionTimestamp") }

  /// The status of the first condition of this type in `status.conditions`.
  func condition(_ type: String) -> String? {
    items("status", "conditions").first { $0.text("type") == type }?.text("status")
  }

  /// 0001-01-01T00:00:00Z, which Go writes for a time that was never set.
  private static let zeroTimeSeconds: Int64 = -62_135_596_800
}
