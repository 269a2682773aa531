import FoundationEssentials

/// The lines of `raftkv dump`. Keys and values are base64, as in etcd's JSON.
public enum DumpLine {
  /// One live key.
  public static func live(
    key: [UInt8], value: [UInt8], createRevision: Int64, modRevision: Int64, version: Int64, lease: Int64
  ) -> String {
    """
    {"key":"\(base64(key))","create_revision":\(createRevision),"mod_revision":\(modRevision),\
    "version":\(version),"value":"\(base64(value))","lease":\(lease)}
    """
  }

  /// The last line: what the folder holds as a whole.
  public static func summary(
    keys: Int64, revision: Int64, compactRevision: Int64, appliedIndex: UInt64
  ) -> String {
    """
    {"keys":\(keys),"revision":\(revision),"compact_revision":\(compactRevision),\
    "applied_index":\(appliedIndex)}
    """
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
  }
}
