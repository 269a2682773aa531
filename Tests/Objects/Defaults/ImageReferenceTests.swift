import Testing

@testable import Objects

@Suite struct ImageReferenceTests {
  private static let digest = "@sha256:" + String(repeating: "0a", count: 32)

  @Test(arguments: [
    ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.2", "IfNotPresent"), ("a/b/c", "Always"),
    ("registry.example.com:5000/a/b", "Always"), ("registry.example.com:5000/a/b:v1", "IfNotPresent"),
    ("localhost/a", "Always"), ("localhost:5000/a:latest", "Always"), ("[::1]:5000/a", "Always"),
    ("Registry/a", "Always"), ("a__b--c/d.e_f", "Always"), ("a__b.c/f_g", "IfNotPresent"),
    // A digest fixes the image; a tag beside it still moves.
    ("nginx" + digest, "IfNotPresent"), ("nginx:latest" + digest, "Always"),
    // No references, which validation or the runtime refuses.
    ("", "IfNotPresent"), ("NGINX", "IfNotPresent"), ("a/B", "IfNotPresent"), ("a//b", "IfNotPresent"),
    ("nginx:", "IfNotPresent"), ("a...b", "IfNotPresent"), ("-a", "IfNotPresent"), ("a:b:c", "IfNotPresent"),
    ("a@sha256:12", "IfNotPresent"), ("a.b:x/c", "IfNotPresent"), ("a..b/c", "IfNotPresent"),
    (String(repeating: "0a", count: 32), "IfNotPresent"),
    (String(repeating: "a", count: 256), "IfNotPresent"),
    ("a:" + String(repeating: "b", count: 129), "IfNotPresent"),
  ])
  func decidesWhenToPull(_ image: String, _ policy: String) {
    #expect(ImageReference.pullPolicy(for: image) == policy)
  }
}
