/// Columns for people, as kubectl prints them.
enum TextTable {
  /// The heading and rows, each ended by a newline.
  static func text(_ heading: [String], _ rows: [[String]]) -> String {
    let all = [heading] + rows
    let widths = heading.indices.map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return all.map { row in
      let cells = row.enumerated().map { column, cell in
        column == row.count - 1 || column >= widths.count
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      var line = Substring(cells.joined(separator: "   "))
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
