/// What the clients of a run know of the objects of one resource.
struct ObjectTable {
  private struct Entry {
    /// The revision of its latest change; 0 while it is not there.
    var revision: Int64 = 0
    var generation = 0
    /// A change of it is under way.
    var isBusy = false
  }

  let resource: KubernetesResource
  private var entries: [Entry]

  init(_ resource: KubernetesResource, count: Int) {
    self.resource = resource
    entries = Array(repeating: Entry(), count: count)
  }

  var count: Int { entries.count }

  /// An object that nobody changes right now, from `number` on, marked as being changed; nil when there is none near.
  mutating func take(from number: Int, in range: Range<Int>? = nil) -> Int? {
    let range = range ?? 0..<entries.count
    guard !range.isEmpty else { return nil }
    for step in 0..<min(Self.reach, range.count) {
      let candidate = range.lowerBound + (number + step) % range.count
      if !entries[candidate].isBusy {
        entries[candidate].isBusy = true
        return candidate
      }
    }
    return nil
  }

  func revision(_ number: Int) -> Int64 { entries[number].revision }

  func key(_ number: Int) -> String { resource.key(number, generation: entries[number].generation) }

  /// What is known of an object now; 0 when it is not there.
  mutating func note(_ number: Int, revision: Int64) { entries[number].revision = revision }

  /// The next one has another name.
  mutating func advanceGeneration(_ number: Int) { entries[number].generation += 1 }

  mutating func release(_ number: Int) { entries[number].isBusy = false }

  /// How many objects are looked at for one that is free.
  private static let reach = 64
}
