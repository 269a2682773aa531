extension Defaults {
  static let flowControl: [String: Function] = [
    "FlowSchema": { flowSchema(&$0) },
    "PriorityLevelConfiguration": { priorityLevel(&$0) },
  ]

  private static func flowSchema(_ schema: inout JSON) {
    schema.reviseStructure("spec") { $0.fillBlank("matchingPrecedence", with: 1000) }
  }

  private static func priorityLevel(_ level: inout JSON) {
    level.revise("spec") { spec in
      spec.revise("exempt") { exempt in
        exempt.fill("nominalConcurrencyShares", with: 0)
        exempt.fill("lendablePercent", with: 0)
      }
      spec.revise("limited") { limited in
        limited.fill("nominalConcurrencyShares", with: 30)
        limited.fill("lendablePercent", with: 0)
        limited.revise("limitResponse") { response in
          response.revise("queuing") { queuing in
            queuing.fillBlank("queues", with: 64)
            queuing.fillBlank("handSize", with: 8)
            queuing.fillBlank("queueLengthLimit", with: 50)
          }
        }
      }
    }
  }
}
