import Testing

@testable import Objects

@Suite("Differences of lines")
struct LineDifferenceTests {
  private static func difference(_ old: String, _ new: String) -> String {
    func lines(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
    return LineDifference(old: lines(old), new: lines(new)).unified()
  }

  @Test("Equal texts have none")
  func equal() {
    #expect(Self.difference("a b c", "a b c").isEmpty)
  }

  @Test("A change has three lines of context")
  func context() {
    #expect(
      Self.difference("1 2 3 4 5 6 7 8 9", "1 2 3 4 x y 6 7 8 9")
        == "@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+x\n+y\n 6\n 7\n 8\n")
  }

  @Test("Changes that are far apart have a hunk each")
  func hunks() {
    #expect(
      Self.difference("a 1 2 3 4 5 6 7 8 b", "x 1 2 3 4 5 6 7 8 y")
        == "@@ -1,4 +1,4 @@\n-a\n+x\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+y\n")
  }

  @Test("A hunk of one line has no length, an empty one the line before")
  func ranges() {
    #expect(Self.difference("a", "b") == "@@ -1 +1 @@\n-a\n+b\n")
    #expect(Self.difference("", "b c") == "@@ -0,0 +1,2 @@\n+b\n+c\n")
  }

  @Test("The longest run is the anchor, as in difflib")
  func anchors() {
    #expect(
      Self.difference("q a b x c d", "a b y c d f")
        == "@@ -1,6 +1,6 @@\n-q\n a\n b\n-x\n+y\n c\n d\n+f\n")
  }
}
