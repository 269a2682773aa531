import Testing

@testable import Objects

/// Creation as recorded from a Kubernetes API server: defaults, then the kind's strategy.
@Suite struct RecordedCreationTests {
  @Test(arguments: RecordedCreation.all)
  func isReproduced(_ creation: RecordedCreation) throws {
    let object = try create(creation)
    #expect(object.text == (try JSON.parse(creation.stored)).text)
  }

  @Test(arguments: RecordedCreation.all)
  func hasNothingLeftToFill(_ creation: RecordedCreation) throws {
    let object = try create(creation)
    var again = object
    Defaults.apply(to: &again, group: creation.group, version: creation.version, kind: creation.kind)
    #expect(again.text == object.text)
  }

  /// A write that changes nothing must leave the object as it is, or controllers would never come to rest.
  @Test(arguments: RecordedCreation.all)
  func updateWithTheSameChangesNothing(_ creation: RecordedCreation) throws {
    let old = try create(creation)
    var object = old
    let write = try Strategy.Write(time: #require(Timestamp("2030-01-01T00:00:00Z")))
    let strategy = Strategy.builtIn(group: creation.group, version: creation.version, kind: creation.kind)
    Defaults.apply(to: &object, group: creation.group, version: creation.version, kind: creation.kind)
    strategy.prepareForUpdate(&object, from: old, write: write)
    #expect(object.text == old.text)
    strategy.prepareForStatusUpdate(&object, from: old, write: write)
    #expect(object.text == old.text)
  }

  private func create(_ creation: RecordedCreation) throws -> JSON {
    var object = try JSON.parse(creation.request)
    Defaults.apply(to: &object, group: creation.group, version: creation.version, kind: creation.kind)
    let strategy = Strategy.builtIn(group: creation.group, version: creation.version, kind: creation.kind)
    let time = try #require(Timestamp(creation.time))
    strategy.prepareForCreate(
      &object, uid: creation.uid, namespace: creation.namespace, write: Strategy.Write(time: time))
    return object
  }
}
