extension Defaults {
  static func container(_ container: inout JSON) {
    let image = container["image"]?.string ?? ""
    container.fillBlank("imagePullPolicy", with: .string(ImageReference.pullPolicy(for: image)))
    container.fillBlank("terminationMessagePath", with: "/dev/termination-log")
    container.fillBlank("terminationMessagePolicy", with: "File")
    container.reviseEach("ports") { $0.fillBlank("protocol", with: "TCP") }
    container.reviseEach("env") { variable in
      variable.revise("valueFrom") { source in
        source.revise("fieldRef", fieldSelector)
        source.revise("fileKeyRef") { $0.fill("optional", with: false) }
      }
    }
    container.revise("resources") { $0.roundLimitsAndRequests() }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] { container.revise(name, probe) }
    container.revise("lifecycle") { lifecycle in
      for name in ["postStart", "preStop"] {
        lifecycle.revise(name) { $0.revise("httpGet", httpGet) }
      }
    }
  }

  static func fieldSelector(_ selector: inout JSON) { selector.fillBlank("apiVersion", with: "v1") }

  private static func probe(_ probe: inout JSON) {
    probe.fillBlank("timeoutSeconds", with: 1)
    probe.fillBlank("periodSeconds", with: 10)
    probe.fillBlank("successThreshold", with: 1)
    probe.fillBlank("failureThreshold", with: 3)
    probe.revise("httpGet", httpGet)
    probe.revise("grpc") { $0.fill("service", with: "") }
  }

  private static func httpGet(_ action: inout JSON) {
    action.fillBlank("path", with: "/")
    action.fillBlank("scheme", with: "HTTP")
  }
}
