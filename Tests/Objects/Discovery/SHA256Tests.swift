import Testing

@testable import Objects

@Suite struct SHA256Tests {
  /// Known answers, among them messages that just fill a block and that just do not.
  @Test(arguments: [
    ("", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
    ("abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1"
    ),
    (String(repeating: "a", count: 55), "9F4390F8D30C2DD92EC9F095B65E2B9AE9B0A925A5258E241C9F1E910F734318"),
    (String(repeating: "a", count: 56), "B35439A4AC6F0948B6D6F9E3C6AF0F5F590CE20F1BDE7090EF7970686EC6738A"),
    (String(repeating: "a", count: 64), "FFE054FE7AE0CB6DC65C3AF9B61D5209F439851DB43D0BA5997337DF154668EB"),
  ])
  func knownAnswers(_ message: String, _ hash: String) {
    #expect(OpenAPIDocuments.hash(of: Array(message.utf8)) == hash)
  }
}
