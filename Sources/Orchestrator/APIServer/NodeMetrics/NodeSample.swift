/// x
public struct NodeSample: Sendable {}
