/// Joins two streams of bytes.
public enum Relay {
  /// Passes the bytes of each side on to the other, no faster than that takes them, until either ends its direction
  /// or is lost; then closes both.
  public static func run(_ one: any DuplexStream, _ other: any DuplexStream) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await pass(from: one, to: other) }
      group.addTask { await pass(from: other, to: one) }
      await group.next()
      // The protocols that are carried so know no half of a connection; whoever waits on either side hears of the end.
      one.close()
      other.close()
    }
  }

  private static func pass(from source: any DuplexStream, to sink: any DuplexStream) async {
    // Why it ended is of no use to the other side, which gets the end.
    do { while let bytes = try await source.read() { try await sink.write(bytes) } } catch {}
  }
}
