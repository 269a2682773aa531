import Foundation
import Proto

/// A small generator whose output depends on its seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Messages with random fields, many of them at the edges of their types.
struct RandomMessages {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func chance() -> Bool { Bool.random(using: &random) }

  mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

  mutating func int64() -> Int64 {
    switch number(5) {
    case 0: 0
    case 1: Int64.random(in: -3...300, using: &random)
    case 2: [Int64.min, Int64.max, -1, 127, 128, 16383, 16384].randomElement(using: &random)!
    default: Int64(bitPattern: random.next() >> UInt64(number(64)))
    }
  }

  mutating func bytes(_ bound: Int = 40) -> Data {
    let count = number(4) == 0 ? number(300) : number(bound)
    return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  mutating func rangeEnd() -> Data {
    switch number(3) {
    case 0: Data()
    case 1: Data([0])
    default: bytes()
    }
  }

  mutating func range() -> Etcdserverpb_RangeRequest {
    var request = Etcdserverpb_RangeRequest()
    request.key = bytes()
    request.rangeEnd = rangeEnd()
    request.limit = int64()
    request.revision = int64()
    request.sortOrder = .init(rawValue: number(3))!
    request.sortTarget = .init(rawValue: number(5))!
    request.serializable = chance()
    request.keysOnly = chance()
    request.countOnly = chance()
    request.minModRevision = int64()
    request.maxModRevision = int64()
    request.minCreateRevision = int64()
    request.maxCreateRevision = int64()
    return request
  }

  mutating func put() -> Etcdserverpb_PutRequest {
    var request = Etcdserverpb_PutRequest()
    request.key = bytes()
    request.value = bytes(200)
    request.lease = int64()
    request.prevKv = chance()
    request.ignoreValue = chance()
    request.ignoreLease = chance()
    return request
  }

  mutating func delete() -> Etcdserverpb_DeleteRangeRequest {
    var request = Etcdserverpb_DeleteRangeRequest()
    request.key = bytes()
    request.rangeEnd = rangeEnd()
    request.prevKv = chance()
    return request
  }

  mutating func compare() -> Etcdserverpb_Compare {
    var compare = Etcdserverpb_Compare()
    compare.result = .init(rawValue: number(4))!
    compare.target = .init(rawValue: number(5))!
    compare.key = bytes()
    compare.rangeEnd = rangeEnd()
    switch compare.target {
    case .version: compare.version = int64()
    case .create: compare.createRevision = int64()
    case .mod: compare.modRevision = int64()
    case .value: compare.value = bytes()
    case .lease: compare.lease = int64()
    case .UNRECOGNIZED: break
    }
    return compare
  }

  mutating func transaction(depth: Int = 0) -> Etcdserverpb_TxnRequest {
    var request = Etcdserverpb_TxnRequest()
    request.compare = (0..<number(3)).map { _ in compare() }
    request.success = (0..<number(4)).map { _ in operation(depth: depth) }
    request.failure = (0..<number(4)).map { _ in operation(depth: depth) }
    return request
  }

  mutating func operation(depth: Int) -> Etcdserverpb_RequestOp {
    var operation = Etcdserverpb_RequestOp()
    switch number(depth < 3 ? 4 : 3) {
    case 0: operation.requestRange = range()
    case 1: operation.requestPut = put()
    case 2: operation.requestDeleteRange = delete()
    default: operation.requestTxn = transaction(depth: depth + 1)
    }
    return operation
  }

  mutating func keyValue() -> Mvccpb_KeyValue {
    var result = Mvccpb_KeyValue()
    result.key = bytes()
    result.value = bytes(200)
    result.createRevision = int64()
    result.modRevision = int64()
    result.version = int64()
    result.lease = int64()
    return result
  }
}
