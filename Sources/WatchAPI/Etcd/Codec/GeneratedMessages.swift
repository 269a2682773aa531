import GRPC
import NIOCore
import Proto
import SwiftProtobuf

/// The generated messages, for everything that is not hot.
extension ByteBuffer {
  /// The whole buffer as a message of type `Request`.
  func decoded<Request: Message>(as type: Request.Type) throws(EtcdError) -> Request {
    do {
      return try Request(serializedBytes: Array(readableBytesView))
    } catch BinaryDecodingError.truncated {
      throw .malformed(.truncated)
    } catch {
      throw EtcdError(.internalError, "grpc: error unmarshalling request: \(error)")
    }
  }
}

extension Message {
  func encodedBuffer() -> ByteBuffer {
    do {
      let bytes: [UInt8] = try serializedBytes()
      return ByteBuffer(bytes: bytes)
    } catch {
      // proto3 messages without google.protobuf.Any always encode.
      preconditionFailure("\(Self.protoMessageName): \(error)")
    }
  }
}

extension Etcdserverpb_ResponseHeader {
  init(_ header: ResponseHeader) {
    self.init()
    clusterID = header.clusterID
    memberID = header.memberID
    revision = header.revision
    raftTerm = header.term
  }
}
