import MVCC
public import RaftKV

extension EtcdService {
  /// Decodes what this service proposes; give it to the node. Accepts every request that passed the checks
  /// made before proposing, in this and all earlier versions.
  public static let commandDecoder: CommandDecoder = { kind, bytes in
    switch kind {
    case .put: return .put(try PutRequestView(bytes).command)
    case .deleteRange: return .delete(try DeleteRequestView(bytes).command)
    case .transaction: return .transaction(TransactionCommand(try DecodedTransaction(bytes)))
    case .alarm:
      guard let command = try AlarmRequestView(bytes).command else { throw WireError.unknownOperation }
      return .alarm(command)
    case .compaction: return .compact(revision: try CompactionRequestView(bytes).revision)
    }
  }
}

/// An `AlarmRequest`.
struct AlarmRequestView {
  var action: Int32 = 0
  var member: UInt64 = 0
  var alarm: Int32 = 0

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: action = try reader.enumeration(tag)
      case 2: member = try reader.uint64(tag)
      case 3: alarm = try reader.enumeration(tag)
      default: try reader.skip(tag)
      }
    }
  }

  /// nil when it changes nothing: a query, or an alarm that does not exist.
  var command: AlarmCommand? {
    guard let kind = UInt8(exactly: alarm).flatMap(Alarm.Kind.init(rawValue:)) else { return nil }
    let alarm = Alarm(member: member, kind: kind)
    switch action {
    case 1: return AlarmCommand(action: .activate, alarm: alarm)
    case 2: return AlarmCommand(action: .deactivate, alarm: alarm)
    default: return nil
    }
  }
}
