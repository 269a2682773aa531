import Testing

@testable import APIServer

struct YAMLGrowthTests {
  /// Each level stands for nine of the level before it.
  private static func levels(_ count: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for level in 1..<count {
      let alias = "*\(letters[level - 1])"
      text +=
        "\(letters[level]): &\(letters[level]) [" + Array(repeating: alias, count: 9).joined(separator: ",")
        + "]\n"
    }
    return text
  }

  @Test(arguments: [
    "", "kind: ConfigMap\n", "a: &a 1\nb: *a\n", "schedule: '*/5 * * * *'\n", "a: &", "*",
    "a: &a\n  labels: {app: x}\nb: {<<: *a}\nc: {<<: *a}\nd: {<<: *a}\n", "a: \"&b *c &d *e\"\n",
    String(repeating: "a: *b\n", count: 100_000), String(repeating: "- &a x\n", count: 100_000),
    levels(3),
  ])
  func `a text that stays small is read`(text: String) {
    #expect(YAMLGrowth.isBounded(Array(text.utf8)))
  }

  @Test(arguments: [
    levels(7), levels(11), levels(26),
    "a: &a [" + String(repeating: "x,", count: 2000) + "]\nb: ["
      + String(repeating: "*a,", count: 2000) + "]\n",
  ])
  func `a text that grows beyond all bounds is refused`(text: String) {
    #expect(!YAMLGrowth.isBounded(Array(text.utf8)))
  }
}
