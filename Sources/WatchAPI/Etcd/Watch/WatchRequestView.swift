import MVCC
import RaftKV

/// A `WatchRequest` (etcd API: Watch.Watch).
enum WatchRequestView {
  case create(WatchRequest)
  case cancel(Int64)
  case progress
  /// Of a kind that is not known, or none at all: nothing happens.
  case none

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    self = .none
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: self = .create(try WatchRequest(try reader.slice(tag)))
      case 2: self = .cancel(try Self.watchID(try reader.slice(tag)))
      case 3:
        try Self.skipAll(try reader.slice(tag))
        self = .progress
      default: try reader.skip(tag)
      }
    }
  }

  private static func watchID(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Int64 {
    var id: Int64 = 0
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      if tag.field == 1 { id = try reader.int64(tag) } else { try reader.skip(tag) }
    }
    return id
  }

  private static func skipAll(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() { try reader.skip(tag) }
  }
}

extension WatchRequest {
  /// A `WatchCreateRequest`. An empty key stands for the smallest one.
  fileprivate init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var key = UnsafeRawBufferPointer(start: nil, count: 0)
    var rangeEnd = key
    self.init(range: KeyRange(start: []), startRevision: 0)
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: key = try reader.slice(tag)
      case 2: rangeEnd = try reader.slice(tag)
      case 3: startRevision = try reader.int64(tag)
      case 4: wantsProgress = try reader.bool(tag)
      case 5:
        for filter in try reader.enumerations(tag) {
          if filter == 0 { skipsPuts = true }
          if filter == 1 { skipsDeletes = true }
        }
      case 6: wantsPrevious = try reader.bool(tag)
      case 7: id = try reader.int64(tag)
      case 8: mayFragment = try reader.bool(tag)
      default: try reader.skip(tag)
      }
    }
    range = KeyRange(key: key, rangeEnd: rangeEnd)
    if range.start.isEmpty { range.start = [0] }
  }
}
