/// What this program is, for `raftkv version`.
public enum Version {
  /// The release.
  public static let release = "0.1.0"
  /// The etcd release whose API it offers.
  public static let etcdAPI = "3.6"

  /// One fact a line, the release first.
  public static var text: String {
    """
    raftkv Version: \(release)
    etcd API: \(etcdAPI)
    Swift OS/Arch: linux/\(architecture)
    """
  }

  private static var architecture: String {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }
}
