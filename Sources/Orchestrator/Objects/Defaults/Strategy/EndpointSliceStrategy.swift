extension Strategy {
  static var endpointSlice: Strategy {
    var strategy = Strategy()
    strategy.generation = .contentChanges(andLabels: true)
    strategy.onCreate = { slice, _ in dropTopology(of: &slice) }
    strategy.onUpdate = { slice, old, _ in
      if slice["endpoints"] != old["endpoints"] { dropTopology(of: &slice) }
    }
    return strategy
  }

  /// The topology of the beta version is not written any more.
  private static func dropTopology(of slice: inout JSON) {
    slice.reviseEach("endpoints") { $0["deprecatedTopology"] = nil }
  }
}
