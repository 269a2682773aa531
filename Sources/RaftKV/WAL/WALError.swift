/// Why the log could not be opened or written.
public enum WALError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another process has the log open.
  case locked(directory: String)
  /// The directory or a file of it could not be read or created.
  case file(FileError)
  /// A file in the place of a segment is not one of this log, or its first bytes are damaged.
  case notALog(path: String)
  /// A segment of a format that this version does not read; `supported` is the newest that it does.
  case formatVersion(path: String, found: UInt32, supported: UInt32)
  /// A segment that belongs to another log, or elsewhere in this one.
  case foreignSegment(path: String)
  /// A segment between others is not there.
  case missingSegment(path: String)
  /// Bytes that had been durable are not what was written.
  case corrupt(Corruption)
  /// The user of the log could not use a record.
  case rejected(path: String, offset: Int, reason: String)
  /// A record is larger than the configured limit; nothing was written.
  case recordTooLarge(bytes: Int, limit: Int)
  /// No disk space for another segment. Nothing was written; it may be tried again.
  case noSpace(FileError)
  /// A write or sync failed, now or earlier: what is on disk is no longer known, and the log accepts nothing more.
  case fatal(FileError)

  /// One line for people.
  public var description: String {
    switch self {
    case .locked(let directory): "the log in \(directory) is in use by another process"
    case .file(let error): error.description
    case .notALog(let path): "\(path) is not a raftkv log, or its first bytes are damaged"
    case .formatVersion(let path, let found, let supported):
      "\(path) has log format \(found); this version of raftkv reads formats up to \(supported)"
    case .foreignSegment(let path): "\(path) belongs to another log or was renamed"
    case .missingSegment(let path): "\(path) is missing, though later segments of the log are there"
    case .corrupt(let corruption): corruption.description
    case .rejected(let path, let offset, let reason): "\(path) at offset \(offset): \(reason)"
    case .recordTooLarge(let bytes, let limit): "a log record of \(bytes) bytes exceeds the limit of \(limit)"
    case .noSpace(let error): error.description
    case .fatal(let error): "the log has failed: \(error)"
    }
  }
}

/// Where a log is damaged, and what is known of the damage.
public struct Corruption: Sendable, Hashable, CustomStringConvertible {
  /// The segment file.
  public var path: String
  /// Where in it the first bad record starts, in bytes.
  public var offset: Int
  /// What was found there.
  public var reason: String
  /// The index of the last entry before the damage; nil if none was seen.
  public var lastIndexBefore: UInt64?
  /// The index of the first intact entry found after the damage in the same segment; nil if none was found.
  public var firstIndexAfter: UInt64?

  /// One line for people.
  public var description: String {
    var text = "\(path) is corrupt at offset \(offset): \(reason)"
    if let lastIndexBefore { text += "; last intact entry before: \(lastIndexBefore)" }
    if let firstIndexAfter { text += "; first intact entry after: \(firstIndexAfter)" }
    return text
  }
}
