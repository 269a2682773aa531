/// The kinds that extend the API server: webhooks, admission policies, custom resources, aggregated servers.
extension Defaults {
  static let admission: [String: Function] = [
    "MutatingAdmissionPolicy": { admissionPolicy(&$0) },
    "MutatingAdmissionPolicyBinding": { admissionPolicyBinding(&$0) },
    "MutatingWebhookConfiguration": { configuration in
      configuration.reviseEach("webhooks") { hook in
        webhook(&hook)
        hook.fill("reinvocationPolicy", with: "Never")
      }
    },
    "ValidatingAdmissionPolicy": { admissionPolicy(&$0) },
    "ValidatingAdmissionPolicyBinding": { admissionPolicyBinding(&$0) },
    "ValidatingWebhookConfiguration": { $0.reviseEach("webhooks", webhook) },
  ]

  private static func webhook(_ webhook: inout JSON) {
    webhook.fill("failurePolicy", with: "Fail")
    webhook.fill("matchPolicy", with: "Equivalent")
    webhook.fill("namespaceSelector", with: [:])
    webhook.fill("objectSelector", with: [:])
    webhook.fill("timeoutSeconds", with: 10)
    webhook.revise("clientConfig") { $0.revise("service", serviceReference) }
    webhook.reviseEach("rules", admissionRule)
  }

  private static func serviceReference(_ service: inout JSON) { service.fill("port", with: 443) }

  private static func admissionRule(_ rule: inout JSON) { rule.fill("scope", with: "*") }

  private static func admissionPolicy(_ policy: inout JSON) {
    policy.revise("spec") { spec in
      spec.fill("failurePolicy", with: "Fail")
      spec.revise("matchConstraints", matchResources)
    }
  }

  private static func admissionPolicyBinding(_ binding: inout JSON) {
    binding.revise("spec") { $0.revise("matchResources", matchResources) }
  }

  private static func matchResources(_ match: inout JSON) {
    match.fill("matchPolicy", with: "Equivalent")
    match.fill("namespaceSelector", with: [:])
    match.fill("objectSelector", with: [:])
    match.reviseEach("resourceRules", admissionRule)
    match.reviseEach("excludeResourceRules", admissionRule)
  }

  static func customResourceDefinition(_ definition: inout JSON) {
    definition.revise("spec") { spec in
      spec.revise("names") { names in
        guard let kind = names["kind"]?.string, !kind.isEmpty else { return }
        names.fillBlank("singular", with: .string(kind.lowercased()))
        names.fillBlank("listKind", with: .string(kind + "List"))
      }
      spec.fill("conversion", with: ["strategy": "None"])
      spec.revise("conversion") { conversion in
        conversion.revise("webhook") { webhook in
          webhook.revise("clientConfig") { $0.revise("service", serviceReference) }
        }
      }
    }
  }

  static func apiService(_ apiService: inout JSON) {
    apiService.revise("spec") { $0.revise("service", serviceReference) }
  }
}
