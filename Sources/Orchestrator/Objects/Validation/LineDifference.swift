/// The difference of two texts as unified hunks, found as Python's `difflib` finds it, which is the algorithm behind the
/// differences in Kubernetes' messages: the longest run of equal lines first, then the same on both sides of it.
struct LineDifference {
  private let old: [String]
  private let new: [String]
  /// Where each line of the new text is, without lines that are too frequent to be worth anchoring at.
  private let places: [String: [Int]]

  /// A run of equal lines.
  private struct Match {
    var oldStart: Int
    var newStart: Int
    var count: Int
  }

  /// A run of lines that were kept, or replaced (by nothing and from nothing too).
  private struct Change {
    var isKept: Bool
    var old: Range<Int>
    var new: Range<Int>
  }

  init(old: [String], new: [String]) {
    self.old = old
    self.new = new
    var places: [String: [Int]] = [:]
    for (index, line) in new.enumerated() { places[line, default: []].append(index) }
    if new.count >= 200 {
      let limit = new.count / 100 + 1
      places = places.filter { $0.value.count <= limit }
    }
    self.places = places
  }

  /// The hunks with this many lines of context, each line ended by a newline; empty when the texts are equal.
  func unified(context: Int = 3) -> String {
    var text = ""
    for group in groups(context: context) {
      guard let first = group.first, let last = group.last else { continue }
      let oldRange = Self.range(first.old.lowerBound..<last.old.upperBound)
      let newRange = Self.range(first.new.lowerBound..<last.new.upperBound)
      text += "@@ -\(oldRange) +\(newRange) @@\n"
      for change in group {
        if change.isKept {
          for line in old[change.old] { text += " " + line + "\n" }
        } else {
          for line in old[change.old] { text += "-" + line + "\n" }
          for line in new[change.new] { text += "+" + line + "\n" }
        }
      }
    }
    return text
  }

  private static func range(_ lines: Range<Int>) -> String {
    switch lines.count {
    case 1: String(lines.lowerBound + 1)
    case 0: "\(lines.lowerBound),0"
    default: "\(lines.lowerBound + 1),\(lines.count)"
    }
  }

  private func groups(context: Int) -> [[Change]] {
    var changes = self.changes()
    guard changes.contains(where: { !$0.isKept }) else { return [] }
    if let first = changes.first, first.isKept {
      let skipped = max(0, first.old.count - context)
      changes[0].old = (first.old.lowerBound + skipped)..<first.old.upperBound
      changes[0].new = (first.new.lowerBound + skipped)..<first.new.upperBound
    }
    if let last = changes.last, last.isKept {
      let kept = min(context, last.old.count)
      changes[changes.count - 1].old = last.old.lowerBound..<(last.old.lowerBound + kept)
      changes[changes.count - 1].new = last.new.lowerBound..<(last.new.lowerBound + kept)
    }
    var groups: [[Change]] = []
    var group: [Change] = []
    for change in changes {
      guard change.isKept, change.old.count > 2 * context else {
        group.append(change)
        continue
      }
      var head = change
      head.old = change.old.lowerBound..<(change.old.lowerBound + context)
      head.new = change.new.lowerBound..<(change.new.lowerBound + context)
      groups.append(group + [head])
      var tail = change
      tail.old = (change.old.upperBound - context)..<change.old.upperBound
      tail.new = (change.new.upperBound - context)..<change.new.upperBound
      group = [tail]
    }
    if group.contains(where: { !$0.isKept }) { groups.append(group) }
    return groups
  }

  private func changes() -> [Change] {
    var changes: [Change] = []
    var oldEnd = 0
    var newEnd = 0
    for match in matches() + [Match(oldStart: old.count, newStart: new.count, count: 0)] {
      if oldEnd < match.oldStart || newEnd < match.newStart {
        changes.append(Change(isKept: false, old: oldEnd..<match.oldStart, new: newEnd..<match.newStart))
      }
      oldEnd = match.oldStart + match.count
      newEnd = match.newStart + match.count
      if match.count > 0 {
        changes.append(Change(isKept: true, old: match.oldStart..<oldEnd, new: match.newStart..<newEnd))
      }
    }
    return changes
  }

  /// The runs of equal lines in order, adjacent ones joined.
  private func matches() -> [Match] {
    var found: [Match] = []
    var pending = [(old: 0..<old.count, new: 0..<new.count)]
    while let (oldRange, newRange) = pending.popLast() {
      let match = longestMatch(oldRange, newRange)
      guard match.count > 0 else { continue }
      found.append(match)
      let oldEnd = match.oldStart + match.count
      let newEnd = match.newStart + match.count
      if oldRange.lowerBound < match.oldStart, newRange.lowerBound < match.newStart {
        pending.append((oldRange.lowerBound..<match.oldStart, newRange.lowerBound..<match.newStart))
      }
      if oldEnd < oldRange.upperBound, newEnd < newRange.upperBound {
        pending.append((oldEnd..<oldRange.upperBound, newEnd..<newRange.upperBound))
      }
    }
    found.sort { ($0.oldStart, $0.newStart) < ($1.oldStart, $1.newStart) }
    var joined: [Match] = []
    for match in found {
      if let last = joined.last, last.oldStart + last.count == match.oldStart,
        last.newStart + last.count == match.newStart
      {
        joined[joined.count - 1].count += match.count
      } else {
        joined.append(match)
      }
    }
    return joined
  }

  /// The longest run of equal lines within the ranges, of several the first.
  private func longestMatch(_ oldRange: Range<Int>, _ newRange: Range<Int>) -> Match {
    var best = Match(oldStart: oldRange.lowerBound, newStart: newRange.lowerBound, count: 0)
    // The lengths of the runs that end at the line before, by the line of the new text.
    var lengths: [Int: Int] = [:]
    for oldIndex in oldRange {
      var next: [Int: Int] = [:]
      for newIndex in places[old[oldIndex]] ?? [] {
        if newIndex < newRange.lowerBound { continue }
        if newIndex >= newRange.upperBound { break }
        let length = (lengths[newIndex - 1] ?? 0) + 1
        next[newIndex] = length
        if length > best.count {
          best = Match(oldStart: oldIndex - length + 1, newStart: newIndex - length + 1, count: length)
        }
      }
      lengths = next
    }
    // Frequent lines are no anchors, but they belong to a run that was found.
    while best.oldStart > oldRange.lowerBound, best.newStart > newRange.lowerBound,
      old[best.oldStart - 1] == new[best.newStart - 1]
    {
      best.oldStart -= 1
      best.newStart -= 1
      best.count += 1
    }
    while best.oldStart + best.count < oldRange.upperBound, best.newStart + best.count < newRange.upperBound,
      old[best.oldStart + best.count] == new[best.newStart + best.count]
    {
      best.count += 1
    }
    return best
  }
}
