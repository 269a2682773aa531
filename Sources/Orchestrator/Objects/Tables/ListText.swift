/// The start of a list, for cells that have room for no more.
enum ListText {
  /// The first elements, then how many more there are: `a,b,c + 2 more...`.
  static func start(of list: [String], limit: Int = 3, separator: String = ",") -> String {
    let start = list.prefix(limit).joined(separator: separator)
    return list.count > limit ? "\(start) + \(list.count - limit) more..." : start
  }
}
