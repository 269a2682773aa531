/// What this program is.
public enum Version {
  /// The release.
  public static let release = "0.1.0"
}
