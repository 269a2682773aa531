import Client
public import Objects

/// What tells machines apart.
public struct MachineIdentity: Sendable, Hashable {
  /// The Node object's name.
  public var node: String
  /// As in `/etc/machine-id`; may be empty.
  public var machineID: String
  /// The machine's addresses.
  public var addresses: [String]

  /// A machine that is to be a node.
  public init(node: String, machineID: String, addresses: [String]) {
    self.node = node
    self.machineID = machineID
    self.addresses = addresses
  }

  /// Why this machine cannot be the node: another one is, and lives. Nil if it can.
  /// - Parameters:
  ///   - known: the Node object; nil if there is none.
  ///   - lease: the node's Lease; nil if there is none.
  public func conflict(known: JSON?, lease: JSON?, now: Timestamp) -> NodeJoinError? {
    guard let known, let difference = difference(from: known),
      let renewal = lease?["spec", "renewTime"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    let conditions = known["status", "conditions"]?.array ?? []
    let isReady = conditions.contains { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }
    let (age, overflows) = now.seconds.subtractingReportingOverflow(renewal.seconds)
    // A lease from the future is that of a machine whose clock is ahead.
    guard isReady, !overflows, age < NodeRecords.leaseSeconds else { return nil }
    return .nameInUse(node: node, problem: "\(difference), and it was alive \(max(0, age)) s ago")
  }

  private func difference(from known: JSON) -> String? {
    let other = known["status", "nodeInfo", "machineID"]?.string ?? ""
    if !machineID.isEmpty, !other.isEmpty, other != machineID {
      return "its machine ID is \(other), and that of this machine \(machineID)"
    }
    // Copies of a disk have one machine ID.
    let theirs = (known["status", "addresses"]?.array ?? []).filter { $0["type"]?.string == "InternalIP" }
      .compactMap { $0["address"]?.string }
    guard !theirs.isEmpty, !addresses.isEmpty, Set(theirs).isDisjoint(with: addresses) else { return nil }
    return "its address is \(theirs.joined(separator: ", ")), and that of this machine "
      + addresses.joined(separator: ", ")
  }
}
