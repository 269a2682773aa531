import Objects

/// The cluster roles for people.
enum UserRoles {
  static var objects: [JSON] {
    let admin = aggregateToAdmin
    let edit = aggregateToEdit
    let view = aggregateToView
    return [
      PolicyTable.clusterRole(
        "cluster-admin", [PolicyTable.rule("*", "*", "*"), PolicyTable.paths("*", "*")]),
      // Their rules are those of the roles that they aggregate, so that they are good before any controller runs.
      PolicyTable.clusterRole("admin", admin + edit + view, aggregates: "aggregate-to-admin"),
      PolicyTable.clusterRole(
        "edit", edit + view, labels: ["aggregate-to-admin"], aggregates: "aggregate-to-edit"),
      PolicyTable.clusterRole("view", view, labels: ["aggregate-to-edit"], aggregates: "aggregate-to-view"),
      PolicyTable.clusterRole("system:aggregate-to-admin", admin, labels: ["aggregate-to-admin"]),
      PolicyTable.clusterRole("system:aggregate-to-edit", edit, labels: ["aggregate-to-edit"]),
      PolicyTable.clusterRole("system:aggregate-to-view", view, labels: ["aggregate-to-view"]),
      PolicyTable.clusterRole(
        "system:basic-user",
        [
          PolicyTable.rule(
            "create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
          PolicyTable.rule("create", "authentication.k8s.io", "selfsubjectreviews"),
        ]),
      PolicyTable.clusterRole(
        "system:discovery",
        [
          PolicyTable.paths(
            "get",
            "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")
        ]),
      PolicyTable.clusterRole(
        "system:public-info-viewer",
        [PolicyTable.paths("get", "/healthz /livez /readyz /version /version/")]),
      PolicyTable.clusterRole(
        "system:service-account-issuer-discovery",
        [
          PolicyTable.paths(
            "get",
            "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"
          )
        ]),
      PolicyTable.clusterRole(
        "system:monitoring",
        [
          PolicyTable.paths(
            "get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")
        ]),
    ]
  }

  private static var aggregateToAdmin: [PolicyRule] {
    [
      PolicyTable.rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
      PolicyTable.rule(PolicyTable.all, PolicyTable.group, "rolebindings roles"),
    ]
  }

  private static var aggregateToEdit: [PolicyRule] {
    let write = PolicyTable.write
    return [
      PolicyTable.rule(
        PolicyTable.read, "core",
        "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
      PolicyTable.rule("impersonate", "core", "serviceaccounts"),
      PolicyTable.rule(write, "core", "pods pods/attach pods/exec pods/portforward pods/proxy"),
      PolicyTable.rule("create", "core", "pods/eviction"),
      PolicyTable.rule(
        write, "core",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets "
          + "serviceaccounts services services/proxy"),
      PolicyTable.rule("create", "core", "serviceaccounts/token"),
      PolicyTable.rule(
        write, "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale "
          + "statefulsets statefulsets/scale"),
      PolicyTable.rule(write, "autoscaling", "horizontalpodautoscalers"),
      PolicyTable.rule(write, "batch", "cronjobs jobs"),
      PolicyTable.rule(write, "policy", "poddisruptionbudgets"),
      PolicyTable.rule(write, "networking.k8s.io", "ingresses networkpolicies"),
      PolicyTable.rule(PolicyTable.all, "coordination.k8s.io", "leases"),
      PolicyTable.rule(write, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
    ]
  }

  private static var aggregateToView: [PolicyRule] {
    let read = PolicyTable.read
    return [
      PolicyTable.rule(
        read, "core",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
          + "replicationcontrollers/scale serviceaccounts services services/status"),
      PolicyTable.rule(
        read, "core",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status "
          + "resourcequotas resourcequotas/status"),
      PolicyTable.rule(read, "core", "namespaces"),
      PolicyTable.rule(read, "discovery.k8s.io", "endpointslices"),
      PolicyTable.rule(
        read, "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status "
          + "replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"
      ),
      PolicyTable.rule(
        read, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
      PolicyTable.rule(read, "batch", "cronjobs cronjobs/status jobs jobs/status"),
      PolicyTable.rule(read, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
      PolicyTable.rule(read, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
      PolicyTable.rule(
        read, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
    ]
  }
}
