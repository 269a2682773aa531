import NIOCore
import Testing

@testable import Bench

@Suite struct KubernetesTests {
  private func configuration(_ change: (inout Configuration) -> Void = { _ in }) throws -> Configuration {
    var made = Configuration(defaultsOf: .kubernetes)
    made.endpoints = [try Endpoint("127.0.0.1:1")]
    change(&made)
    return made
  }

  private func fields(_ bytes: [UInt8]?) throws -> ProtobufFields {
    try ProtobufFields(ByteBuffer(bytes: try #require(bytes)))
  }

  @Test func createsIfTheKeyIsNotThere() throws {
    let request = try ProtobufFields(
      KubernetesRequest.create("/registry/pods/a/b", ByteBuffer(string: "value"), lease: 5))
    #expect(request.numbers == [1, 2])
    let compare = try fields(request.bytes(1))
    #expect(compare.varint(1) == nil)
    #expect(compare.varint(2) == 2)
    #expect(compare.bytes(3) == Array("/registry/pods/a/b".utf8))
    // The revision is there although it is 0: it says which of the targets is meant.
    #expect(compare.varint(6) == 0)
    let put = try fields(fields(request.bytes(2)).bytes(2))
    #expect(put.bytes(1) == Array("/registry/pods/a/b".utf8))
    #expect(put.bytes(2) == Array("value".utf8))
    #expect(put.varint(3) == 5)
  }

  @Test func changesAreGuardedAndSayWhatIsThereInstead() throws {
    let update = try ProtobufFields(KubernetesRequest.update("k", ByteBuffer(string: "v"), since: 300))
    let delete = try ProtobufFields(KubernetesRequest.delete("k", since: 300))
    for request in [update, delete] {
      #expect(request.numbers == [1, 2, 3])
      #expect(try fields(request.bytes(1)).varint(6) == 300)
      #expect(try fields(fields(request.bytes(3)).bytes(1)).bytes(1) == Array("k".utf8))
    }
    #expect(try fields(update.bytes(2)).numbers == [2])
    #expect(try fields(delete.bytes(2)).numbers == [3])
  }

  @Test func theTurnToCompactIsGuardedByTheVersion() throws {
    let request = try ProtobufFields(KubernetesRequest.takeCompactionTurn(version: 0, value: "12"))
    let compare = try fields(request.bytes(1))
    #expect(compare.numbers == [3, 4])
    #expect(compare.varint(4) == 0)
    #expect(try ProtobufFields(KubernetesRequest.compact(99)).varint(1) == 99)
  }

  @Test func answersOfGuardedChanges() throws {
    let header = ProtobufMessage.make { $0.add(3, 50 as Int64) }
    let done = ProtobufMessage.make {
      $0.add(1, header)
      $0.add(2, true)
      $0.add(3, .make { $0.add(2, ProtobufMessage()) })
    }
    let answer = try #require(GuardedAnswer(done.buffer))
    #expect(answer.hasSucceeded)
    #expect(answer.revision == 50)
    let found = ProtobufMessage.make { range in
      range.add(
        2,
        .make {
          $0.add(1, "k")
          $0.add(3, 44 as Int64)
          $0.add(4, 6 as Int64)
        })
    }
    let refused = ProtobufMessage.make {
      $0.add(1, header)
      $0.add(3, .make { $0.add(1, found) })
    }
    let other = try #require(GuardedAnswer(refused.buffer))
    #expect(!other.hasSucceeded)
    #expect(other.currentRevision == 44)
    #expect(other.currentVersion == 6)
  }

  @Test func keysAreUniqueAndBelowTheirPrefix() throws {
    for resource in KubernetesResource.allCases {
      let count = min(2000, max(500, resource.count(nodes: 40, apiServers: 3)))
      let keys = (0..<count).map { resource.key($0) }
      #expect(Set(keys).count == count, "\(resource)")
      #expect(keys.allSatisfy { $0.hasPrefix(resource.prefix) && $0 < resource.prefixEnd }, "\(resource)")
    }
    #expect(KubernetesResource.pods.key(3, generation: 1) != KubernetesResource.pods.key(3, generation: 2))
    #expect(KubernetesResource.leases.key(0).hasPrefix("/registry/leases/kube-system/"))
    #expect(KubernetesResource.leases.key(3) == "/registry/leases/kube-node-lease/node-00000")
  }

  @Test func valuesHaveTheirLengthAndTime() {
    var random = SplitMix64(seed: 1)
    for length in [62, 400, 12_000] {
      let value = KubernetesValue.make(length, stamp: 77, &random)
      #expect(value.readableBytes == length)
      #expect(value.getInteger(at: KubernetesValue.stampOffset, as: UInt64.self) == 77)
    }
  }

  @Test func operationsComeAtTheirRates() throws {
    let mix = KubernetesMix(try configuration { $0.nodes = 1000 })
    var counts: [KubernetesMix.Operation: Int] = [:]
    let total = 50_000
    for index in 0..<total { counts[mix.operation(index), default: 0] += 1 }
    // Every node renews its Lease every 10 s.
    let renewals = Double(counts[.renewNodeLease] ?? 0) / Double(total) * mix.requestsPerSecond
    #expect(abs(renewals - 100) < 5)
    #expect(counts[.compact] == nil)
    #expect(Set(counts.keys) == Set(KubernetesMix.Operation.allCases).subtracting([.compact]))
  }

  @Test func compactionComesAtItsInterval() throws {
    let mix = KubernetesMix(
      try configuration {
        $0.rate = 100
        $0.compactionSeconds = 3
      })
    #expect((0..<1000).filter { mix.operation($0) == .compact } == [300, 600, 900])
  }

  @Test func anObjectIsChangedByOneAtATime() {
    var table = ObjectTable(.pods, count: 3)
    let first = [table.take(from: 2), table.take(from: 2), table.take(from: 0, in: 2..<3)]
    #expect(first == [2, 0, nil])
    table.release(2)
    let second = [table.take(from: 0, in: 2..<3), table.take(from: 0), table.take(from: 0)]
    #expect(second == [2, 1, nil])
    var empty = ObjectTable(.events, count: 0)
    let none = empty.take(from: 0)
    #expect(none == nil)
  }
}
