public import NIOCore

/// How a method is served. Runs on the call's event loop.
public enum Handler: Sendable {
  /// One request, whole; the handler answers with `respond` or `finish`, now or later (on the call's loop).
  case unary(@Sendable (ServerCall, ByteBuffer) -> Void)
  /// Any streaming kind: the handler installs its callbacks.
  case stream(@Sendable (ServerCall) -> Void)
}

/// The methods a server offers, by path.
public struct Router: Sendable {
  final class Method: Sendable {
    let path: String
    let handler: Handler
    let bytes: [UInt8]

    init(_ path: String, _ handler: Handler) {
      self.path = path
      self.handler = handler
      bytes = Array(path.utf8)
    }
  }

  private var count = 0
  /// Open addressing, at most half full; the size is a power of two.
  private var slots: [Method?] = Array(repeating: nil, count: 16)
  private var services: Set<String> = []

  /// No methods.
  public init() {}

  /// Offers a method; `path` is `/package.Service/Method`. A path added twice keeps the later handler.
  public mutating func add(_ path: String, _ handler: Handler) {
    if (count + 1) * 2 > slots.count {
      let methods = slots.compactMap { $0 }
      slots = Array(repeating: nil, count: slots.count * 2)
      count = 0
      for method in methods { insert(method) }
    }
    insert(Method(path, handler))
    if let (service, _) = Self.split(path) { services.insert(service) }
  }

  private mutating func insert(_ method: Method) {
    let slot = method.bytes.withUnsafeBufferPointer { find($0) }
    if slots[slot] == nil { count += 1 }
    slots[slot] = method
  }

  func method(_ path: UnsafeBufferPointer<UInt8>) -> Method? {
    slots[find(path)]
  }

  /// The slot that holds `path`, or the empty one where it would be.
  private func find(_ path: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(path) & mask
    while let method = slots[slot] {
      if method.bytes.count == path.count && method.bytes.elementsEqual(path) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }

  /// FNV-1a. Only what the server itself adds is in the table, so that no client can make it slow.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }

  /// What to tell a client that calls a method which is not there, in the words of gRPC servers.
  func unimplemented(_ path: String) -> GRPCStatus {
    guard let (service, method) = Self.split(path) else {
      return GRPCStatus(.unimplemented, "malformed method name: \"\(path)\"")
    }
    return services.contains(service)
      ? GRPCStatus(.unimplemented, "unknown method \(method) for service \(service)")
      : GRPCStatus(.unimplemented, "unknown service \(service)")
  }

  private static func split(_ path: String) -> (service: String, method: String)? {
    let name = path.hasPrefix("/") ? path.dropFirst() : path[...]
    guard let slash = name.lastIndex(of: "/") else { return nil }
    return (String(name[..<slash]), String(name[name.index(after: slash)...]))
  }
}
