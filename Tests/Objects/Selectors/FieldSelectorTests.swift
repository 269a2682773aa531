import Testing

@testable import Objects

@Suite("Field selectors")
struct FieldSelectorTests {
  static let texts: [(text: String, canonical: String)] = [
    ("", ""), (",,", ""), ("a=b", "a=b"), ("a==b", "a=b"), ("a!=b", "a!=b"), ("c=d,a!=b", "a!=b,c=d"),
    ("a=", "a="),
    ("=b", "=b"), (#"a=b\,c"#, #"a=b\,c"#), (#"a=b\=c\\d"#, #"a=b\=c\\d"#), ("a=b!", "a=b!"), ("a=é", "a=é"),
    (#"a!=\\,b=c"#, #"a!=\\,b=c"#), (" a = b ", " a = b "),
  ]

  @Test("parse, and are written canonically", arguments: texts)
  func parses(_ example: (text: String, canonical: String)) throws {
    let selector = try FieldSelector(parsing: example.text)
    #expect(selector.description == example.canonical)
    #expect(try FieldSelector(parsing: example.canonical) == selector)
  }

  static let malformed: [(text: String, message: String)] = [
    ("a", "invalid selector: 'a'; can't understand 'a'"),
    ("b=c,a", "invalid selector: 'b=c,a'; can't understand 'a'"),
    ("a!b", "invalid selector: 'a!b'; can't understand 'a!b'"),
    ("a=b=c", "invalid field selector: unescaped character in value: 61"),
    ("a===c", "invalid field selector: unescaped character in value: 61"),
    (#"a=b\"#, #"invalid field selector: invalid escape sequence: \"#),
    (#"a=\x"#, #"invalid field selector: invalid escape sequence: \x"#),
  ]

  @Test("do not parse", arguments: malformed)
  func refuses(_ example: (text: String, message: String)) {
    let error = #expect(throws: SelectorError.self) { try FieldSelector(parsing: example.text) }
    #expect(error?.message == example.message)
  }

  static let unknown: [(group: String, kind: String, text: String, message: String)] = [
    (
      "", "ConfigMap", "spec.x=1",
      #""spec.x" is not a known field selector: only "metadata.name", "metadata.namespace""#
    ),
    (
      "apps", "Deployment", "=1",
      #""" is not a known field selector: only "metadata.name", "metadata.namespace""#
    ),
    ("", "Pod", "metadata.name=x,spec.x=1", "field label not supported: spec.x"),
    ("", "Node", "metadata.namespace=x", "field label not supported: metadata.namespace"),
    ("events.k8s.io", "Event", "involvedObject.name=x", "field label not supported: involvedObject.name"),
  ]

  @Test("name no field of the kind", arguments: unknown)
  func unknownFields(_ example: (group: String, kind: String, text: String, message: String)) {
    let fields = SelectableFields.of(group: example.group, kind: example.kind)
    let error = #expect(throws: SelectorError.self) { try fields.selector(parsing: example.text) }
    #expect(error?.message == example.message)
  }

  static let matches: [(group: String, kind: String, text: String, object: String, matches: Bool)] = [
    ("", "ConfigMap", "metadata.name=l1", #"{"metadata":{"name":"l1"}}"#, true),
    ("", "ConfigMap", "metadata.name=l1", #"{"metadata":{"name":"l2"}}"#, false),
    (
      "", "ConfigMap", "metadata.name=l1,metadata.namespace!=g",
      #"{"metadata":{"name":"l1","namespace":"g"}}"#, false
    ),
    ("", "ConfigMap", "", #"{"metadata":{"name":"l2"}}"#, true),
    ("", "Pod", "status.phase=Pending,spec.nodeName=", #"{"status":{"phase":"Pending"}}"#, true),
    ("", "Pod", "spec.host=n", #"{"spec":{"nodeName":"n"}}"#, true),
    ("", "Pod", "spec.hostNetwork=false", "{}", true),
    ("", "Pod", "spec.hostNetwork=true", #"{"spec":{"hostNetwork":true}}"#, true),
    ("", "Pod", "spec.nodeName!=n", #"{"spec":{"nodeName":"n"}}"#, false),
    ("", "Node", "spec.unschedulable=true", #"{"spec":{"unschedulable":true}}"#, true),
    ("", "Secret", "type=x", #"{"type":"x"}"#, true),
    ("", "Event", "source=s", #"{"source":{"component":"s"},"reportingComponent":"r"}"#, true),
    ("", "Event", "source=r", #"{"source":{},"reportingComponent":"r"}"#, true),
    ("", "Event", "involvedObject.uid=u,reason!=x", #"{"involvedObject":{"uid":"u"}}"#, true),
    (
      "events.k8s.io", "Event", "regarding.kind=Pod,type=Normal",
      #"{"regarding":{"kind":"Pod"},"type":"Normal"}"#, true
    ),
    ("apps", "ReplicaSet", "status.replicas=0", "{}", true),
    ("batch", "Job", "status.successful=3", #"{"status":{"succeeded":3}}"#, true),
    (
      "certificates.k8s.io", "CertificateSigningRequest", "spec.signerName=s",
      #"{"spec":{"signerName":"t"}}"#, false
    ),
  ]

  @Test("match objects", arguments: matches)
  func matching(_ example: (group: String, kind: String, text: String, object: String, matches: Bool)) throws
  {
    let fields = SelectableFields.of(group: example.group, kind: example.kind)
    let selector = try fields.selector(parsing: example.text)
    #expect(try fields.matches(selector, JSON.parse(example.object)) == example.matches)
  }

  @Test("say which value a field must have")
  func requiredValue() throws {
    let selector = try FieldSelector(parsing: "metadata.name=a,spec.x!=b")
    #expect(selector.requiredValue(of: "metadata.name") == "a")
    #expect(selector.requiredValue(of: "spec.x") == nil)
    #expect(!selector.isEmpty)
  }
}
