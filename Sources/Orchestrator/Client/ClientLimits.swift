/// What bounds the buffers, queues and caches of clients.
public enum ClientLimits {
  /// Objects in a page of a list.
  public static let pageSize = 500
  /// Bytes in an answer that is read whole.
  public static let answerBytes = 256 * 1024 * 1024
  /// Bytes in one event of a watch: objects are far below it.
  public static let watchLineBytes = 16 * 1024 * 1024
  /// Bytes of a text that is no Status and is quoted in an error.
  static let quotedBytes = 1024
  /// Events that wait to be sent; further ones are dropped.
  public static let waitingEvents = 1000
  /// Objects and events that an event recorder remembers, to count what comes again.
  public static let rememberedEvents = 4096
}
