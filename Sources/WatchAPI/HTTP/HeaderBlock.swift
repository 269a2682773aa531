import CNghttp2

/// Header fields laid out once in the form that the HTTP/2 library takes, to be sent any number of times without
/// copying a byte of them.
///
/// Safe: because the memory is written in `init` only, and freed in `deinit` only.
public final class HeaderBlock: @unchecked Sendable {
  let fields: UnsafeMutableBufferPointer<nghttp2_nv>
  private let storage: UnsafeMutableBufferPointer<UInt8>

  /// Names must be in lower case; pseudo fields come first. Whoever sends the block keeps it alive until the
  /// connection has closed: the library refers to its bytes.
  public init(_ list: [(name: String, value: String)]) {
    let total = list.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    storage = .allocate(capacity: max(total, 1))
    fields = .allocate(capacity: max(list.count, 1))
    count = list.count
    var offset = 0
    func place(_ text: String) -> (UnsafeMutablePointer<UInt8>, Int) {
      let start = storage.baseAddress! + offset
      var length = 0
      for byte in text.utf8 {
        start[length] = byte
        length += 1
      }
      offset += length
      return (start, length)
    }
    let flags = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    for (index, field) in list.enumerated() {
      let (name, nameLength) = place(field.name)
      let (value, valueLength) = place(field.value)
      fields[index] = nghttp2_nv(
        name: name, value: value, namelen: nameLength, valuelen: valueLength, flags: flags)
    }
  }

  let count: Int

  deinit {
    fields.deallocate()
    storage.deallocate()
  }

  /// Calls `body` with the fields of `block`, if any, followed by `list`, laid out for one use: the library must copy
  /// those of `list`. Fields that HTTP/2 does not allow (RFC 9113, 8.2.1) are left out.
  static func withFields<Result>(
    _ block: HeaderBlock?, _ list: [(name: String, value: String)],
    _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    var bytes: [UInt8] = []
    var lengths: [(name: Int, value: Int)] = []
    for field in list where isValid(name: field.name, value: field.value) {
      bytes.append(contentsOf: field.name.utf8)
      bytes.append(contentsOf: field.value.utf8)
      lengths.append((field.name.utf8.count, field.value.utf8.count))
    }
    if bytes.isEmpty { bytes.append(0) }
    return bytes.withUnsafeMutableBufferPointer { bytes in
      var fields: [nghttp2_nv] = []
      fields.reserveCapacity((block?.count ?? 0) + lengths.count)
      if let block {
        for index in 0..<block.count { fields.append(block.fields[index]) }
      }
      var at = bytes.baseAddress!
      for (name, value) in lengths {
        fields.append(nghttp2_nv(name: at, value: at + name, namelen: name, valuelen: value, flags: 0))
        at += name + value
      }
      return fields.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
    }
  }

  /// Whether HTTP/2 allows a field: a lower-case token as name, and no control characters in the value.
  public static func isValid(name: String, value: String) -> Bool {
    var name = name
    var value = value
    let nameIsValid = name.withUTF8 { nghttp2_check_header_name($0.baseAddress, $0.count) != 0 }
    let valueIsValid = value.withUTF8 { nghttp2_check_header_value($0.baseAddress, $0.count) != 0 }
    return nameIsValid && valueIsValid
  }
}
