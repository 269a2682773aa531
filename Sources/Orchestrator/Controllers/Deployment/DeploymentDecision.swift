import Objects

/// What a Deployment's controller does: writes to its ReplicaSets, in order, and then to the Deployment's status.
struct DeploymentDecision: Sendable, Equatable {
  /// A write to a ReplicaSet.
  enum Action: Sendable, Equatable {
    /// Makes the ReplicaSet of the current template.
    case create(JSON)
    /// Writes a ReplicaSet; `scaled` are the sizes before and after, if they differ.
    case update(JSON, scaled: Scaling?)
    /// Deletes an old ReplicaSet without pods.
    case delete(JSON)
  }

  /// A change of a ReplicaSet's size.
  struct Scaling: Sendable, Equatable {
    var old: Int
    var new: Int
  }

  /// In order.
  var actions: [Action] = []
  /// The status to write; equal to the Deployment's if nothing has changed.
  var status: JSON = [:]
  /// The revision to write into the Deployment's annotations along with the status.
  var revision: String?
  /// When to look again, though nothing may have happened.
  var requeueAfter: Duration?

  /// Compares a Deployment with the ReplicaSets it controls. `pods` are all pods of theirs, which is asked only for
  /// the strategy `Recreate`.
  init(_ deployment: JSON, sets: [JSON], pods: () -> [JSON] = { [] }, now: Timestamp) {
    var rollout = Rollout(deployment, sets: sets, now: now)
    if deployment.isBeingDeleted {
      rollout.findNewSet(create: false)
      rollout.statusWithoutProgress()
    } else {
      rollout.notePause()
      if deployment["spec", "paused"]?.boolean == true || rollout.hasBeenScaled {
        rollout.findNewSet(create: false)
        rollout.scale()
        if deployment["spec", "paused"]?.boolean == true { rollout.cleanUp() }
        rollout.statusWithoutProgress()
      } else if rollout.strategy.isRolling {
        rollout.rollingUpdate()
      } else {
        rollout.recreate(pods: pods)
      }
    }
    actions = rollout.actions
    status = rollout.status
    revision = rollout.revision
    requeueAfter = Self.requeueAfter(deployment, status: status, now: now)
  }

  /// When a rollout that stands still is to be given up.
  private static func requeueAfter(_ deployment: JSON, status: JSON, now: Timestamp) -> Duration? {
    guard deployment["spec", "paused"]?.boolean != true, !DeploymentStatus.isComplete(deployment, status)
    else {
      return nil
    }
    let condition = Conditions.find("Progressing", in: status)
    guard condition?["reason"]?.string != "ProgressDeadlineExceeded",
      let deadline = DeploymentStatus.deadline(deployment, condition)
    else { return nil }
    // A second more, since times in conditions are cut to seconds.
    return max(.seconds(1), deadline.since(now) + .seconds(1))
  }

  /// The ReplicaSet with the Deployment's template, the oldest if there are more.
  static func newSet(of deployment: JSON, among sets: [JSON]) -> JSON? {
    let template = comparable(deployment["spec", "template"])
    return sets.filter { comparable($0["spec", "template"]) == template }.min(by: isOlder)
  }

  static func isOlder(_ left: JSON, _ right: JSON) -> Bool {
    (left.creationTime ?? .zero, left.name) < (right.creationTime ?? .zero, right.name)
  }

  /// A template without the label that tells ReplicaSets apart.
  static func comparable(_ template: JSON?) -> JSON {
    var template = template ?? [:]
    template["metadata", "labels", DeploymentAnnotations.templateHash] = nil
    if template["metadata", "labels"]?.object?.isEmpty == true { template["metadata", "labels"] = nil }
    // Written as null by some, left out by others.
    if template["metadata", "creationTimestamp"]?.isNull == true {
      template["metadata", "creationTimestamp"] = nil
    }
    if template["metadata"]?.object?.isEmpty == true { template["metadata"] = nil }
    return template
  }
}
