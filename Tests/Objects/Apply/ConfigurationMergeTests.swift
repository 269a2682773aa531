import Testing

@testable import Objects

struct ConfigurationMergeTests {
  private typealias Fixture = ApplyFixture

  /// Names of a live list, of an applied one, and of the merged one.
  @Test(arguments: [
    ("a b c", "d", "a b c d"),
    ("a b c", "c b a", "c b a"),
    ("a b c", "c a", "b c a"),
    ("a b c", "b", "a b c"),
    ("a b c", "x b y", "a x b c y"),
    ("a b c", "x a", "x a b c"),
    ("a b c d e", "e c a", "b d e c a"),
    ("a b c d e", "d x b", "a c d e x b"),
    ("x a y b z", "b a", "x y b z a"),
    ("", "b a", "b a"),
    ("a b", "", "a b"),
    // What is there twice is applied once, or left alone.
    ("a b a", "b", "a b a"),
    ("a b a", "a", "a b"),
    ("a b a c", "c a", "b c a"),
    ("a b a", "c", "a b a c"),
  ])
  func `the elements of a list are in the order of the configuration`(
    live: String, applied: String, merged: String
  )
    throws
  {
    func list(_ names: String) -> JSON {
      .array(names.split(separator: " ").map { ["name": .string(String($0))] })
    }
    func object(_ names: String) -> JSON { ["spec": ["containers": list(names)]] }
    let result = try TypedFields(schema: Fixture.schema).merge(
      object(live), object(applied), shape: Fixture.shape("core/v1.Pod"))
    #expect(
      result["spec", "containers"]?.array?.compactMap { $0["name"]?.string }.joined(separator: " ") == merged)
  }

  /// Two objects and what merging the second into the first gives.
  @Test(arguments: [
    // Objects and lists that are empty, or null, replace only what is empty.
    (
      #"{"metadata":{"labels":{"a":"1"}}}"#, #"{"metadata":{"labels":{}}}"#,
      #"{"metadata":{"labels":{"a":"1"}}}"#
    ),
    (
      #"{"metadata":{"labels":{"a":"1"}}}"#, #"{"metadata":{"labels":null}}"#,
      #"{"metadata":{"labels":{"a":"1"}}}"#
    ),
    (#"{"metadata":{"labels":{"a":"1"}}}"#, #"{"metadata":null}"#, #"{"metadata":{"labels":{"a":"1"}}}"#),
    (#"{"metadata":{}}"#, #"{"metadata":null}"#, #"{"metadata":null}"#),
    (
      #"{"metadata":{"finalizers":["a"]}}"#, #"{"metadata":{"finalizers":[]}}"#,
      #"{"metadata":{"finalizers":["a"]}}"#
    ),
    // Sets are merged.
    (
      #"{"metadata":{"finalizers":["a","b"]}}"#, #"{"metadata":{"finalizers":["c","b"]}}"#,
      #"{"metadata":{"finalizers":["a","c","b"]}}"#
    ),
    // Wholes are replaced, also by null.
    (
      #"{"spec":{"nodeSelector":{"a":"1"}}}"#, #"{"spec":{"nodeSelector":{"b":"1"}}}"#,
      #"{"spec":{"nodeSelector":{"b":"1"}}}"#
    ),
    (
      #"{"spec":{"nodeSelector":{"a":"1"}}}"#, #"{"spec":{"nodeSelector":null}}"#,
      #"{"spec":{"nodeSelector":null}}"#
    ),
    (#"{"spec":{"dnsPolicy":"a"}}"#, #"{"spec":{"dnsPolicy":null}}"#, #"{"spec":{"dnsPolicy":null}}"#),
    (
      #"{"spec":{"containers":[{"name":"c","args":["a","b"]}]}}"#,
      #"{"spec":{"containers":[{"name":"c","args":["c"]}]}}"#,
      #"{"spec":{"containers":[{"args":["c"],"name":"c"}]}}"#
    ),
  ])
  func `objects are merged`(live: String, applied: String, merged: String) throws {
    let result = try TypedFields(schema: Fixture.schema).merge(
      Fixture.json(live), Fixture.json(applied), shape: Fixture.shape("core/v1.Pod"))
    #expect(result.text == merged)
  }

  @Test func `nulls that the API would not write are not in the result`() throws {
    let configuration = Fixture.json(
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":null},"spec":{"containers":[{"name":"c","#
        + #""image":null,"resources":null,"ports":null}],"dnsPolicy":null},"status":{"conditions":[{"type":"a","#
        + #""lastProbeTime":null}]}}"#)
    let result = try Fixture.pods.apply(
      live: nil, configuration: configuration, manager: "m", force: false, time: Fixture.time())
    #expect(
      Fixture.bare(result)
        == #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","resources":{}}]},"#
        + #""status":{"conditions":[{"lastProbeTime":null,"type":"a"}]}}"#)
    // But they are owned.
    #expect(Fixture.managed(result).contains(#""f:dnsPolicy":{}"#))
  }
}
