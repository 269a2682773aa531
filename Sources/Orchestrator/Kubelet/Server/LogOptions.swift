/// x
public struct LogOptions: Sendable {}
