import Exchange
import Objects

/// Through what an object is updated: itself or a subresource that shows all of it. Each lets other fields change.
enum UpdateRoute: String, Sendable {
  case object = ""
  case status
  case approval
  case finalize
  case ephemeralContainers = "ephemeralcontainers"
  case resize

  /// - Throws: 405 if the subresource cannot be updated.
  init(_ target: Target) throws(StatusError) {
    guard let route = UpdateRoute(rawValue: target.subresource) else { throw .methodNotAllowed }
    self = route
  }

  /// Keeps what a write through this route may not change, and fills in what the server sets.
  func prepare(_ object: inout JSON, from old: JSON, kind: ResourceKind, write: Strategy.Write) {
    let strategy = kind.strategy
    switch self {
    case .object: strategy.prepareForUpdate(&object, from: old, write: write)
    case .status: strategy.prepareForStatusUpdate(&object, from: old, write: write)
    case .approval: strategy.prepareForApprovalUpdate(&object, from: old, write: write)
    case .finalize: strategy.prepareForFinalizeUpdate(&object, from: old)
    case .ephemeralContainers: strategy.prepareForEphemeralContainersUpdate(&object, from: old)
    case .resize: strategy.prepareForResizeUpdate(&object, from: old)
    }
  }

  /// What is wrong with a prepared object.
  func errors(_ new: JSON, old: JSON, kind: ResourceKind) -> [FieldError] {
    let errors = rules(new, old: old, kind: kind)
    guard kind.resource.group == "certificates.k8s.io" else { return errors }
    return errors + CertificateDecision.errors(new, old: old, route: self)
  }

  private func rules(_ new: JSON, old: JSON, kind: ResourceKind) -> [FieldError] {
    let resource = kind.resource
    switch self {
    case .object, .approval:
      return Validation.validate(
        update: new, old: old, group: resource.group, version: resource.version, kind: resource.kind)
    case .status, .finalize:
      return Validation.validate(
        statusUpdate: new, old: old, group: resource.group, version: resource.version, kind: resource.kind)
    case .ephemeralContainers: return Validation.validate(ephemeralContainersUpdate: new, old: old)
    case .resize: return Validation.validate(resizeUpdate: new, old: old)
    }
  }
}
