import Foundation
import GRPC
import Proto
import SwiftProtobuf
import Testing

@testable import WatchAPI

/// Requests that are wrong in themselves. The codes and texts were read off etcd 3.5.1 (the sort options, which
/// that version does not check, from its successors).
struct RequestCheckTests {
  typealias Range = Etcdserverpb_RangeRequest
  typealias Put = Etcdserverpb_PutRequest
  typealias Delete = Etcdserverpb_DeleteRangeRequest
  typealias Txn = Etcdserverpb_TxnRequest
  typealias Op = Etcdserverpb_RequestOp

  private let rules = RequestCheck(maximumOperations: 128, maximumKeyBytes: 8192)

  private func error(_ check: () throws(EtcdError) -> Void) -> EtcdError? {
    do throws(EtcdError) {
      try check()
      return nil
    } catch {
      return error
    }
  }

  private func check(_ message: some SwiftProtobuf.Message) throws -> EtcdError? {
    let bytes: [UInt8] = try message.serializedBytes()
    return try bytes.withUnsafeBytes { bytes in
      switch message {
      case is Range:
        let view = try RangeRequestView(bytes)
        return error { () throws(EtcdError) in try rules.check(view) }
      case is Put:
        let view = try PutRequestView(bytes)
        return error { () throws(EtcdError) in try rules.check(view) }
      case is Delete:
        let view = try DeleteRequestView(bytes)
        return error { () throws(EtcdError) in try rules.check(view) }
      default:
        let view = try DecodedTransaction<CheckedOperation>(bytes)
        return error { () throws(EtcdError) in try rules.check(view) }
      }
    }
  }

  private static func range(_ key: String, _ change: (inout Range) -> Void = { _ in }) -> Range {
    var request = Range()
    request.key = Data(key.utf8)
    change(&request)
    return request
  }

  private static func put(_ key: String, _ change: (inout Put) -> Void = { _ in }) -> Put {
    var request = Put()
    request.key = Data(key.utf8)
    request.value = Data("v".utf8)
    change(&request)
    return request
  }

  private static func delete(_ key: String, _ end: String = "") -> Delete {
    var request = Delete()
    request.key = Data(key.utf8)
    request.rangeEnd = Data(end.utf8)
    return request
  }

  private static func op(_ request: Range) -> Op { .with { $0.requestRange = request } }
  private static func op(_ request: Put) -> Op { .with { $0.requestPut = request } }
  private static func op(_ request: Delete) -> Op { .with { $0.requestDeleteRange = request } }
  private static func op(_ request: Txn) -> Op { .with { $0.requestTxn = request } }

  private static func txn(then success: [Op] = [], else failure: [Op] = [], compare: [String] = []) -> Txn {
    .with { request in
      request.compare = compare.map { key in .with { $0.key = Data(key.utf8) } }
      request.success = success
      request.failure = failure
    }
  }

  @Test func ranges() throws {
    #expect(try check(Self.range("a")) == nil)
    #expect(try check(Self.range("")) == .emptyKey)
    #expect(try check(Self.range("a") { $0.sortOrder = .UNRECOGNIZED(3) }) == .invalidSortOption)
    #expect(try check(Self.range("a") { $0.sortTarget = .UNRECOGNIZED(5) }) == .invalidSortOption)
    #expect(try check(Self.range("") { $0.sortTarget = .UNRECOGNIZED(-1) }) == .emptyKey)
    #expect(try check(Self.range("a") { $0.limit = -1 }) == nil)
    #expect(try check(Self.range(String(repeating: "k", count: 8192))) == nil)
    let tooLong = String(repeating: "k", count: 8193)
    #expect(try check(Self.range(tooLong))?.message == "etcdserver: key is larger than 8192 bytes")
    #expect(try check(Self.range("a") { $0.rangeEnd = Data(tooLong.utf8) }) == .keyTooLarge(limit: 8192))
  }

  @Test func streamedRanges() throws {
    func check(_ request: Range) throws -> EtcdError? {
      let bytes: [UInt8] = try request.serializedBytes()
      return try bytes.withUnsafeBytes { bytes in
        let view = try RangeRequestView(bytes)
        return error { () throws(EtcdError) in try rules.checkStreamed(view) }
      }
    }
    #expect(try check(Self.range("a")) == nil)
    #expect(try check(Self.range("a") { $0.sortTarget = .mod }) == nil)
    #expect(try check(Self.range("a") { $0.sortOrder = .ascend }) == nil)
    #expect(
      try check(
        Self.range("a") {
          $0.sortOrder = .ascend
          $0.sortTarget = .mod
        }) == .streamedSort)
    #expect(try check(Self.range("a") { $0.sortOrder = .descend }) == .streamedSort)
    #expect(try check(Self.range("a") { $0.minModRevision = 1 }) == .streamedFilter)
    #expect(try check(Self.range("a") { $0.maxModRevision = 1 }) == .streamedFilter)
    #expect(try check(Self.range("a") { $0.minCreateRevision = 1 }) == .streamedFilter)
    #expect(try check(Self.range("a") { $0.maxCreateRevision = 1 }) == .streamedFilter)
    #expect(try check(Self.range("")) == .emptyKey)
    #expect(EtcdError.streamedSort.status.code == .unimplemented)
    #expect(EtcdError.streamedFilter.status.code == .unimplemented)
  }

  @Test func writes() throws {
    #expect(try check(Self.put("a")) == nil)
    #expect(try check(Self.put("")) == .emptyKey)
    #expect(try check(Self.put("a") { $0.ignoreValue = true }) == .valueProvided)
    #expect(try check(Self.put("") { $0.ignoreValue = true }) == .emptyKey)
    #expect(
      try check(
        Self.put("a") {
          $0.ignoreLease = true
          $0.lease = 4
        }) == .leaseProvided)
    #expect(
      try check(
        Self.put("a") {
          $0.ignoreValue = true
          $0.value = Data()
          $0.ignoreLease = true
        }) == nil)
    #expect(try check(Self.put(String(repeating: "k", count: 8193))) == .keyTooLarge(limit: 8192))
    #expect(try check(Self.delete("a", "b")) == nil)
    #expect(try check(Self.delete("", "b")) == .emptyKey)
  }

  @Test func transactions() throws {
    let get = Self.op(Self.range("a"))
    #expect(try check(Self.txn()) == nil)
    #expect(try check(Self.txn(compare: [""])) == .emptyKey)
    #expect(try check(Self.txn(then: [Op()])) == .keyNotFound)
    #expect(try check(Self.txn(else: [Op()])) == .keyNotFound)
    #expect(try check(Self.txn(then: [Self.op(Self.put("a") { $0.ignoreValue = true })])) == .valueProvided)
    #expect(try check(Self.txn(else: [Self.op(Self.delete(""))])) == .emptyKey)
    #expect(
      try check(Self.txn(then: [Self.op(Self.range("a") { $0.sortOrder = .UNRECOGNIZED(9) })]))
        == .invalidSortOption)
    // The order of the checks: sizes, comparisons, the first branch, the second, and only then duplicates.
    let put = Self.op(Self.put("a"))
    #expect(try check(Self.txn(then: [Op()], compare: [""])) == .emptyKey)
    #expect(try check(Self.txn(then: [put, put], else: [Op()])) == .keyNotFound)
    #expect(try check(Self.txn(then: [Op()] + Array(repeating: get, count: 128))) == .tooManyOperations)
  }

  @Test func operationLimits() throws {
    let get = Self.op(Self.range("a"))
    func gets(_ count: Int) -> [Op] { Array(repeating: get, count: count) }
    #expect(try check(Self.txn(then: gets(128), else: gets(128))) == nil)
    #expect(try check(Self.txn(then: gets(129))) == .tooManyOperations)
    #expect(try check(Self.txn(else: gets(129))) == .tooManyOperations)
    #expect(try check(Self.txn(compare: Array(repeating: "a", count: 129))) == .tooManyOperations)
    // A nested transaction gets what the largest list of its parent leaves.
    #expect(try check(Self.txn(then: [Self.op(Self.txn(then: gets(127)))])) == nil)
    #expect(try check(Self.txn(then: [Self.op(Self.txn(then: gets(128)))])) == .tooManyOperations)
    let compare = Array(repeating: "a", count: 100)
    #expect(try check(Self.txn(else: [Self.op(Self.txn(then: gets(28)))], compare: compare)) == nil)
    #expect(
      try check(Self.txn(else: [Self.op(Self.txn(then: gets(29)))], compare: compare)) == .tooManyOperations)
  }

  private static let duplicates: [(String, Txn, Bool)] = {
    let a = op(put("a"))
    func nested(_ success: [Op], _ failure: [Op] = []) -> Op { op(txn(then: success, else: failure)) }
    return [
      ("put twice", txn(then: [a, a]), true),
      ("put twice in the else branch", txn(else: [a, a]), true),
      ("put in both branches", txn(then: [a], else: [a]), false),
      ("put and delete", txn(then: [a, op(delete("a"))]), true),
      ("delete and put", txn(then: [op(delete("a")), a]), true),
      ("put inside a deleted range", txn(then: [a, op(delete("A", "b"))]), true),
      ("put at the end of a deleted range", txn(then: [op(put("b")), op(delete("a", "b"))]), false),
      ("put before a deleted range", txn(then: [a, op(delete("b", "c"))]), false),
      ("a range of no keys", txn(then: [a, op(delete("z", "A"))]), false),
      ("everything from a key on", txn(then: [op(delete("A", "\0")), a]), false),
      (
        "deletes that overlap", txn(then: [op(delete("a", "m")), op(delete("c", "z")), op(delete("d"))]),
        false
      ),
      ("reads of what is put", txn(then: [a, op(range("a"))]), false),
      ("nested put twice", txn(then: [nested([a]), a]), true),
      ("nested put in the else branch", txn(then: [nested([], [a]), a]), true),
      ("nested put in both branches", txn(then: [nested([a], [a])]), false),
      ("nested put and delete in either branch", txn(then: [nested([a], [op(delete("a"))])]), false),
      ("two nested puts", txn(then: [nested([a]), nested([a])]), true),
      ("two nested puts in else branches", txn(then: [nested([], [a]), nested([], [a])]), true),
      ("nested put inside the parent's delete", txn(then: [op(delete("A", "z")), nested([a])]), true),
      (
        "nested else put inside the parent's delete", txn(then: [nested([], [a]), op(delete("A", "z"))]), true
      ),
      ("nested delete, put beside it", txn(then: [nested([op(delete("a"))]), a]), true),
      ("nested delete, then a nested put", txn(then: [nested([op(delete("a"))]), nested([a])]), true),
      ("nested put, then a nested delete", txn(then: [nested([a]), nested([op(delete("a"))])]), false),
      ("two levels down", txn(then: [nested([nested([a])]), a]), true),
    ]
  }()

  @Test(arguments: duplicates.indices) func writesKeysOnce(_ index: Int) throws {
    let (name, transaction, isRefused) = Self.duplicates[index]
    #expect(try check(transaction) == (isRefused ? .duplicateKey : nil), "\(name)")
  }

  @Test func refusesDepthAsTooManyOperations() {
    #expect(EtcdError.malformed(.transactionTooDeep) == .tooManyOperations)
  }

  @Test func tellsReadOnlySmallAndSerializable() throws {
    func view<Value>(_ transaction: Txn, _ body: (DecodedTransaction<CheckedOperation>) -> Value) throws
      -> Value
    {
      let bytes: [UInt8] = try transaction.serializedBytes()
      return try bytes.withUnsafeBytes { body(try DecodedTransaction<CheckedOperation>($0)) }
    }
    let get = Self.op(Self.range("a") { $0.serializable = true })
    let list = Self.op(Self.range("a") { $0.rangeEnd = Data("b".utf8) })
    #expect(try view(Self.txn(then: [get], else: [list])) { $0.isReadOnly })
    #expect(try view(Self.txn(then: [get], else: [Self.op(Self.put("a"))])) { !$0.isReadOnly })
    #expect(
      try view(Self.txn(then: [Self.op(Self.txn(else: [Self.op(Self.delete("a"))]))])) { !$0.isReadOnly })
    #expect(try view(Self.txn(then: [get], else: [get])) { $0.isSerializable })
    #expect(try view(Self.txn(then: [get], else: [list])) { !$0.isSerializable })
    #expect(try view(Self.txn(then: [get], compare: ["a"])) { $0.isSmall })
    #expect(try view(Self.txn(then: [list])) { !$0.isSmall })
    #expect(try view(Self.txn(then: Array(repeating: get, count: 17))) { !$0.isSmall })
  }
}
