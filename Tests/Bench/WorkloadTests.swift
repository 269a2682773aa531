import MVCC
import NIOCore
import Testing

@testable import Bench

@Suite struct WorkloadTests {
  private func configuration(_ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var made = Configuration()
    made.operations = 1000
    made.keySpace = 1000
    change(&made)
    return made
  }

  private func encoded(_ workload: Workload, _ index: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    _ = workload.encode(index, into: &buffer)
    return buffer
  }

  /// A put's key and value, out of its message.
  private func put(_ message: ByteBuffer) throws -> (key: String, value: [UInt8]) {
    let fields = try ProtobufFields(message)
    return (
      String(decoding: try #require(fields.bytes(1)), as: UTF8.self), fields.bytes(2) ?? []
    )
  }

  private static let all: [Configuration.Workload] = [.put, .range, .txn, .fill, .watch, .list]

  @Test("the same seed gives the same requests, in whatever order they are made", arguments: all)
  func deterministic(workload: Configuration.Workload) {
    let made = configuration {
      $0.workload = workload
      $0.readsPerWrite = 1
      $0.transactionOperations = 4
    }
    let (first, second) = (Workload(made), Workload(made))
    let forward = (0..<100).map { encoded(first, $0) }
    let backward = (0..<100).reversed().map { encoded(second, $0) }
    #expect(forward == backward.reversed())
    #expect(Set(forward).count > 50)
  }

  @Test func anotherSeedGivesOtherRequests() {
    let first = Workload(configuration { $0.seed = 1 })
    let second = Workload(configuration { $0.seed = 2 })
    #expect((0..<100).allSatisfy { encoded(first, $0) != encoded(second, $0) })
  }

  @Test func putsHaveTheSizesAskedFor() throws {
    for (keyBytes, valueBytes) in [(3, 0), (8, 1), (8, 127), (8, 128), (200, 4096), (16, 1003)] {
      let workload = Workload(
        configuration {
          $0.keyBytes = keyBytes
          $0.valueBytes = valueBytes
        })
      for index in 0..<20 {
        let put = try put(encoded(workload, index))
        #expect(put.key.utf8.count == keyBytes)
        #expect(put.value.count == valueBytes)
        let number = try #require(Int(put.key))
        #expect((0..<1000).contains(number))
      }
    }
  }

  @Test func sequentialKeysGoRound() throws {
    let workload = Workload(
      configuration {
        $0.keyOrder = .sequential
        $0.keySpace = 7
      })
    let keys = try (0..<15).map { try #require(Int(put(encoded(workload, $0)).key)) }
    #expect(keys == (0..<15).map { $0 % 7 })
  }

  @Test func randomKeysReachTheWholeSpace() throws {
    let workload = Workload(configuration { $0.keySpace = 10 })
    let keys = try (0..<500).map { try #require(Int(put(encoded(workload, $0)).key)) }
    #expect(Set(keys) == Set(0..<10))
    for key in 0..<10 { #expect((20...90).contains(keys.count { $0 == key })) }
  }

  @Test func valuesDoNotRepeat() throws {
    let workload = Workload(configuration { $0.valueBytes = 4096 })
    let value = try put(encoded(workload, 0)).value
    #expect(Set(value).count > 200)
    #expect(try put(encoded(workload, 1)).value != value)
  }

  @Test func aPointRangeAsksForOneKey() throws {
    let workload = Workload(configuration { $0.workload = .range })
    let fields = try ProtobufFields(encoded(workload, 5))
    #expect(fields.bytes(1)?.count == 8)
    #expect(fields.numbers == [1])
  }

  @Test func aPrefixRangeCarriesItsOptions() throws {
    let workload = Workload(
      configuration {
        $0.workload = .range
        $0.rangeKeys = 100
        $0.limit = 300
        $0.consistency = .serializable
        $0.keyOrder = .sequential
      })
    let fields = try ProtobufFields(encoded(workload, 250))
    #expect(fields.bytes(1) == Array("00000200".utf8))
    #expect(fields.bytes(2) == Array("00000300".utf8))
    #expect(fields.varint(3) == 300)
    #expect(fields.varint(7) == 1)
    let query = workload.query(of: 250)
    #expect(query.range == KeyRange(start: Array("00000200".utf8), end: .before(Array("00000300".utf8))))
    #expect(query.limit == 300)
  }

  @Test func aRangeAtTheEndOfTheSpaceEndsAfterAllKeys() throws {
    let workload = Workload(
      configuration {
        $0.workload = .range
        $0.keyBytes = 3
        $0.rangeKeys = 100
        $0.keyOrder = .sequential
      })
    let fields = try ProtobufFields(encoded(workload, 999))
    #expect(fields.bytes(1) == Array("900".utf8))
    #expect(fields.bytes(2) == Array(":".utf8))
    #expect(Array("999".utf8).lexicographicallyPrecedes([UInt8](":".utf8)))
  }

  @Test func transactionsPutDistinctKeys() throws {
    for order in Configuration.KeyOrder.allCases {
      let workload = Workload(
        configuration {
          $0.workload = .txn
          $0.transactionOperations = 9
          $0.keySpace = 10
          $0.keyOrder = order
        })
      for index in 0..<50 {
        let operations = try ProtobufFields(encoded(workload, index)).all(2)
        let keys = try operations.map { operation in
          let request = try ProtobufFields(ByteBuffer(bytes: operation))
          return try put(ByteBuffer(bytes: try #require(request.bytes(2)))).key
        }
        #expect(keys.count == 9)
        #expect(Set(keys).count == 9)
        #expect(workload.keysWritten(by: index) == 9)
      }
    }
  }

  @Test func mixedTransactionsKeepTheRatio() throws {
    let workload = Workload(
      configuration {
        $0.workload = .txn
        $0.readsPerWrite = 3
      })
    let kinds = (0..<4000).map { workload.kind(of: $0) }
    #expect((2850...3150).contains(kinds.count { $0 == .readTransaction }))
    let read = try #require(kinds.firstIndex(of: .readTransaction))
    let operation = try #require(ProtobufFields(encoded(workload, read)).bytes(2))
    #expect(try ProtobufFields(ByteBuffer(bytes: operation)).numbers == [1])
  }

  @Test func fillWritesEachKeyOnce() throws {
    let made = configuration {
      $0.workload = .fill
      $0.keySpace = 25
      $0.transactionOperations = 10
    }
    let workload = Workload(made)
    var keys: [Int] = []
    for index in 0..<(try #require(made.totalOperations)) {
      for operation in try ProtobufFields(encoded(workload, index)).all(2) {
        let request = try #require(ProtobufFields(ByteBuffer(bytes: operation)).bytes(2))
        keys.append(try #require(Int(put(ByteBuffer(bytes: request)).key)))
      }
    }
    #expect(keys == Array(0..<25))
  }
}

/// The top-level fields of a protobuf message, read independently of the code under test.
struct ProtobufFields {
  private var fields: [(number: UInt64, varint: UInt64?, bytes: [UInt8]?)] = []

  init(_ message: ByteBuffer) throws {
    var rest = Array(message.readableBytesView)[...]
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        let next = rest.popFirst()
        let byte = try #require(next)
        value |= UInt64(byte & 127) << shift
        if byte < 128 { return value }
        shift += 7
      }
    }
    while !rest.isEmpty {
      let tag = try varint()
      switch tag & 7 {
      case 0: fields.append((tag >> 3, try varint(), nil))
      case 2:
        let length = Int(try varint())
        try #require(length <= rest.count)
        fields.append((tag >> 3, nil, Array(rest.prefix(length))))
        rest = rest.dropFirst(length)
      default: Issue.record("unexpected wire type in \(message)")
      }
    }
  }

  var numbers: [UInt64] { fields.map(\.number) }
  func bytes(_ number: UInt64) -> [UInt8]? { fields.first { $0.number == number }?.bytes }
  func varint(_ number: UInt64) -> UInt64? { fields.first { $0.number == number }?.varint }
  func all(_ number: UInt64) -> [[UInt8]] { fields.filter { $0.number == number }.compactMap(\.bytes) }
}
