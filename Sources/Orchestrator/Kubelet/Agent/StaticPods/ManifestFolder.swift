public import Objects

/// A folder of manifests: each file is a pod that runs on this node whatever the API server says.
public struct ManifestFolder: Sendable {
  /// Reads the bytes of a file; throws a text for people.
  public typealias Decoder = @Sendable (_ bytes: [UInt8]) throws -> JSON

  /// Where it is; files whose names begin with a dot do not count.
  public var path: String
  /// Reads YAML or JSON.
  public var decode: Decoder

  /// A folder.
  public init(path: String, decode: @escaping Decoder) {
    self.path = path
    self.decode = decode
  }
}
