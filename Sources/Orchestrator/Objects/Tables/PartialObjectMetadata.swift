/// Objects cut down to their metadata (`PartialObjectMetadata` of `meta.k8s.io/v1`), for clients that want no more and
/// for the rows of tables.
public enum PartialObjectMetadata {
  /// What is left of an object.
  public static func object(_ object: JSON) -> JSON {
    [
      "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
      "metadata": object["metadata"] ?? [:],
    ]
  }

  /// What is left of a list with this metadata.
  public static func list(_ objects: [JSON], listMetadata: JSON) -> JSON {
    [
      "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": listMetadata,
      "items": .array(objects.map(object)),
    ]
  }
}
