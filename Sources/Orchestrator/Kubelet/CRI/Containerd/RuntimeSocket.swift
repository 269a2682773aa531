import GRPC
import Glibc
public import NIOCore

/// Finding the container runtime of a machine.
public enum RuntimeSocket {
  /// Where runtimes listen unless they are told otherwise.
  public static let wellKnown = ["/run/containerd/containerd.sock", "/run/crio/crio.sock"]
  /// How long one may take to answer.
  private static let patience = Duration.seconds(5)

  /// The first of these that is a runtime with CRI, and which one it is.
  public static func find(
    among paths: [String] = wellKnown, on eventLoop: any EventLoop
  ) async -> (path: String, version: RuntimeVersion)? {
    for path in paths where access(path, F_OK) == 0 {
      var limits = RuntimeClientLimits()
      limits.quickTimeout = patience
      let client = CRIClient(.unixSocket(path), on: eventLoop, limits: limits)
      defer { client.close() }
      if let version = try? await client.version() { return (path, version) }
    }
    return nil
  }
}
