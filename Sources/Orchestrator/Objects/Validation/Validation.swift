/// The rules that objects of Kubernetes' own kinds must keep: what is wrong, in Kubernetes' order and wording.
///
/// The objects are decoded, converted and defaulted. Their types are right: what has another type than it must have has
/// been refused before, and counts as absent here.
public enum Validation {
  /// What is wrong with a new object. Names have been generated, and what the server sets has been set.
  public static func validate(create object: JSON, group: String, version: String, kind: String)
    -> [FieldError]
  {
    guard let rules = KindRules.all[KindRules.Key(group: group, kind: kind)] else { return [] }
    var checker = Checker()
    rules.create(&checker, object)
    if !checker.errors.isEmpty { return checker.errors }
    // Only what the rules of a kind let pass is held against the rules for all.
    checker.commonMetadata(object, isNamespaced: rules.isNamespaced, .pathSegment)
    return checker.errors
  }

  /// What is wrong with a change to an object. What is wrong with its metadata is there twice, as in the causes that
  /// Kubernetes answers with.
  public static func validate(
    update new: JSON, old: JSON, group: String, version: String, kind: String
  ) -> [FieldError] {
    validate(new, old, group: group, kind: kind, \.update)
  }

  /// What is wrong with a change to the status of an object.
  public static func validate(
    statusUpdate new: JSON, old: JSON, group: String, version: String, kind: String
  ) -> [FieldError] {
    validate(new, old, group: group, kind: kind, \.statusUpdate)
  }

  /// What is wrong with a change to the ephemeral containers of a pod.
  public static func validate(ephemeralContainersUpdate new: JSON, old: JSON) -> [FieldError] {
    var checker = Checker()
    commonUpdate(&checker, new, old, isNamespaced: true)
    checker.ephemeralContainersUpdate(new, old)
    return checker.errors
  }

  /// What is wrong with a change to the resources of a pod.
  public static func validate(resizeUpdate new: JSON, old: JSON) -> [FieldError] {
    var checker = Checker()
    commonUpdate(&checker, new, old, isNamespaced: true)
    checker.podResize(new, old)
    return checker.errors
  }

  /// What is wrong with a Scale (autoscaling/v1) that is written to a `scale` subresource.
  public static func validate(scale: JSON) -> [FieldError] {
    var checker = Checker()
    checker.commonMetadata(scale, isNamespaced: true, .subdomain)
    checker.nonnegative(
      (scale["spec"] ?? .null).optionalInteger(at: "replicas"), FieldPath("spec", "replicas"))
    return checker.errors
  }

  /// What is wrong with a Binding (core/v1).
  public static func validate(binding: JSON) -> [FieldError] {
    var checker = Checker()
    checker.binding(binding)
    return checker.errors
  }

  private static func validate(
    _ new: JSON, _ old: JSON, group: String, kind: String, _ update: KeyPath<KindRules, KindRules.Update>
  ) -> [FieldError] {
    guard let rules = KindRules.all[KindRules.Key(group: group, kind: kind)] else { return [] }
    var checker = Checker()
    commonUpdate(&checker, new, old, isNamespaced: rules.isNamespaced)
    rules[keyPath: update](&checker, new, old)
    return checker.errors
  }

  private static func commonUpdate(_ checker: inout Checker, _ new: JSON, _ old: JSON, isNamespaced: Bool) {
    checker.commonMetadata(new, isNamespaced: isNamespaced, .pathSegment)
    checker.commonMetadataUpdate(new, old)
  }
}
