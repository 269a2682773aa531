import MVCC
import Raft
import Testing
import WAL

@testable import RaftKV

/// The node's documents: what is written is read back, and no bytes end the process.
struct CodecTests {
  private let member = Member(
    id: 0x8e9e_05c5_2164_694d, name: "größer", peerURLs: ["http://a:2380", "http://b:2380"], clientURLs: [""],
    isLearner: true)

  @Test(arguments: [0, 1, 127, 128, 300, 1 << 35, UInt64.max]) func numbersComeBack(number: UInt64) {
    var writer = DocumentWriter()
    writer.varint(number)
    var reader = DocumentReader(writer.bytes[...])
    #expect(reader.varint() == number)
    #expect(reader.isAtEnd)
    #expect(reader.varint() == nil)
  }

  @Test func aClusterComesBack() {
    var cluster = Cluster(founders: [member, Member(id: 3, name: "", peerURLs: [])])
    #expect(cluster.members.map(\.id) == [3, member.id])
    #expect(Cluster(document: cluster.document) == cluster)
    cluster.update(
      attributesOf: Member(id: 3, name: "three", peerURLs: ["ignored"], clientURLs: ["http://c"]))
    #expect(cluster.members[0] == Member(id: 3, name: "three", peerURLs: [], clientURLs: ["http://c"]))
    cluster.update(attributesOf: Member(id: 4, name: "stranger", peerURLs: []))
    #expect(cluster.members.count == 2)
    #expect(Cluster(document: cluster.document) == cluster)
  }

  @Test func idsDependOnTheFlagsAlone() {
    let id = Member.id(peerURLs: ["http://a", "http://b"], clusterToken: "t")
    #expect(id == Member.id(peerURLs: ["http://b", "http://a"], clusterToken: "t"))
    #expect(id != Member.id(peerURLs: ["http://a", "http://b"], clusterToken: "u"))
    #expect(id != Member.id(peerURLs: ["http://ahttp://b"], clusterToken: "t"))
    #expect(id != 0)
    // Part of what is stored: a later version must come to the same.
    #expect(
      Member.id(peerURLs: ["http://localhost:2380"], clusterToken: "etcd-cluster")
        == 11_047_828_724_173_930_892)
  }

  @Test func anIdentityComesBack() throws {
    let identity = Identity(memberID: member.id, cluster: Cluster(founders: [member]))
    let record = identity.record
    #expect(record.kind == RecordKind.identity.rawValue)
    let read = try #require(Identity(payload: record.payload))
    #expect(read.memberID == identity.memberID && read.cluster == identity.cluster)
  }

  @Test(arguments: [Alarm.Kind.noSpace, .corrupt]) func anAlarmComesBack(kind: Alarm.Kind) {
    let alarm = Alarm(member: .max, kind: kind)
    #expect(Alarm(document: alarm.document) == alarm)
    // A number that only looks like a kind when cut short.
    var writer = DocumentWriter()
    writer.varint(1)
    writer.varint(256 + UInt64(kind.rawValue))
    #expect(Alarm(document: writer.bytes) == nil)
  }

  @Test(arguments: [[], [7], [UInt8](repeating: 1, count: 5000)]) func anEnvelopeComesBack(request: [UInt8])
    throws
  {
    for kind in [EntryKind.request(.put), .request(.transaction), .memberAttributes, .raiseAlarm] {
      let data = request.withUnsafeBytes {
        Envelope.encode(kind, requestID: 0x0102_0304_0506_0708, request: $0)
      }
      let envelope = try #require(Envelope(data))
      #expect(envelope.kind.code == kind.code)
      #expect(envelope.requestID == 0x0102_0304_0506_0708)
      #expect(Envelope.requestID(data) == envelope.requestID)
      #expect(Array(data[envelope.requestOffset...]) == request)
    }
  }

  @Test func everyKindHasItsCode() {
    for code in UInt8.min...UInt8.max {
      if let kind = EntryKind(code: code) { #expect(kind.code == code) }
    }
    #expect(
      (0...255).filter { EntryKind(code: UInt8($0)) != nil } == [1, 2, 3, 4, 5, 128, 129, 130, 131, 132])
  }

  @Test func cutShortOrChangedEnvelopesAreRefused() {
    let data = [UInt8]([1, 2, 3]).withUnsafeBytes {
      Envelope.encode(.request(.put), requestID: 9, request: $0)
    }
    for count in 0..<Envelope.minimumBytes { #expect(Envelope(Array(data[..<count])) == nil) }
    var other = data
    other[0] = 2
    #expect(Envelope(other) == nil)
    other = data
    other[1] = 77
    #expect(Envelope(other) == nil)
    // A user's name longer than the entry.
    other = data
    other[12] = 4
    #expect(Envelope(other) == nil)
    other[12] = 3
    #expect(Envelope(other)?.requestOffset == data.count)
  }

  @Test func randomBytesNeverEndTheProcess() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SplitMix(state: seed)
    let valid = [
      Cluster(founders: [member]).document,
      Identity(memberID: 1, cluster: Cluster(founders: [member])).record.payload,
      Alarm(member: 1, kind: .noSpace).document,
      [UInt8](repeating: 1, count: 30).withUnsafeBytes {
        Envelope.encode(.request(.put), requestID: 1, request: $0)
      },
    ]
    var understood = 0
    for round in 0..<5000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
          [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)].randomElement(
            using: &generator)!
        }
      } else {
        bytes = valid.randomElement(using: &generator)!
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        bytes.removeLast(Int.random(in: 0...min(3, bytes.count), using: &generator))
      }
      if let cluster = Cluster(document: bytes) {
        understood += 1
        #expect(Cluster(document: cluster.document) == cluster, "seed \(seed)")
      }
      if let identity = Identity(payload: bytes) {
        understood += 1
        #expect(Identity(payload: identity.record.payload)?.cluster == identity.cluster, "seed \(seed)")
      }
      if let alarm = Alarm(document: bytes) {
        #expect(Alarm(document: alarm.document) == alarm, "seed \(seed)")
      }
      if let envelope = Envelope(bytes) {
        understood += 1
        #expect(envelope.requestOffset <= bytes.count, "seed \(seed)")
      }
      var reader = DocumentReader(bytes[...])
      _ = Member(&reader)
    }
    #expect(understood > 30, "seed \(seed)")
  }
}
