import Objects
import Testing

@testable import Scheduler

@Suite struct PodRequestsTests {
  private static func container(
    _ cpu: String?, _ memory: String? = nil, restarts: Bool = false, name: String = "c"
  ) -> JSON {
    var container: JSON = ["name": .string(name)]
    if let cpu { container["resources", "requests", "cpu"] = .string(cpu) }
    if let memory { container["resources", "requests", "memory"] = .string(memory) }
    if restarts { container["restartPolicy"] = "Always" }
    return container
  }

  struct Case: CustomTestStringConvertible {
    let name: String
    let spec: JSON
    var status: JSON = [:]
    let cpu: Int64
    let memory: Int64
    let assumedCPU: Int64
    let assumedMemory: Int64
    var testDescription: String { name }
  }

  private static let mebi: Int64 = 1 << 20

  static let cases: [Case] = [
    Case(
      name: "nothing asked", spec: ["containers": [container(nil)]], cpu: 0, memory: 0, assumedCPU: 100,
      assumedMemory: 200 * mebi),
    Case(
      name: "zero is something asked", spec: ["containers": [container("0", "0")]], cpu: 0, memory: 0,
      assumedCPU: 0, assumedMemory: 0),
    Case(
      name: "the sum of the containers", spec: ["containers": [container("250m", "64Mi"), container("1")]],
      cpu: 1250, memory: 64 * mebi, assumedCPU: 1250, assumedMemory: 264 * mebi),
    Case(
      name: "an init container that needs more",
      spec: [
        "containers": [container("1", "1Mi")],
        "initContainers": [container("2", "1Mi"), container("500m", "3Mi")],
      ],
      cpu: 2000, memory: 3 * mebi, assumedCPU: 2000, assumedMemory: 3 * mebi),
    Case(
      name: "sidecars run beside the containers",
      spec: [
        "containers": [container("1", "1Mi")],
        "initContainers": [
          container("300m", "1Mi", restarts: true), container("400m", "1Mi", restarts: true),
        ],
      ], cpu: 1700, memory: 3 * mebi, assumedCPU: 1700, assumedMemory: 3 * mebi),
    Case(
      name: "an init container starts beside the sidecars before it only",
      spec: [
        "containers": [container("100m", "1Mi")],
        "initContainers": [
          container("300m", "1Mi", restarts: true), container("1", "1Mi"),
          container("700m", "1Mi", restarts: true),
        ],
      ], cpu: 1300, memory: 3 * mebi, assumedCPU: 1300, assumedMemory: 3 * mebi),
    Case(
      name: "overhead on top",
      spec: [
        "containers": [container("100m", "1Mi")], "initContainers": [container("1", "1Mi")],
        "overhead": ["cpu": "50m", "memory": "2Mi"],
      ], cpu: 1050, memory: 3 * mebi, assumedCPU: 1050, assumedMemory: 3 * mebi),
    Case(
      name: "the pod's own request replaces its containers'",
      spec: [
        "containers": [container("100m", "1Mi")], "resources": ["requests": ["cpu": "2"]],
        "overhead": ["cpu": "50m"],
      ], cpu: 2050, memory: mebi, assumedCPU: 2050, assumedMemory: mebi),
    Case(
      name: "a container being made smaller still holds what it had",
      spec: ["containers": [container("100m", "1Mi")]],
      status: [
        "containerStatuses": [
          ["name": "c", "allocatedResources": ["cpu": "100m"], "resources": ["requests": ["cpu": "700m"]]]
        ]
      ], cpu: 700, memory: mebi, assumedCPU: 700, assumedMemory: mebi),
    Case(
      name: "a container that cannot be made larger stays as it is",
      spec: ["containers": [container("9", "1Mi")]],
      status: [
        "containerStatuses": [
          [
            "name": "c", "allocatedResources": ["cpu": "1", "memory": "1Mi"],
            "resources": ["requests": ["cpu": "1"]],
          ]
        ],
        "conditions": [["type": "PodResizePending", "status": "True", "reason": "Infeasible"]],
      ], cpu: 1000, memory: mebi, assumedCPU: 1000, assumedMemory: mebi),
    Case(
      name: "absurd amounts are bounded",
      spec: ["containers": [container("9000000000000000", "9000P"), container("9000000000000000", "9000P")]],
      cpu: 1 << 53, memory: 1 << 53, assumedCPU: 1 << 53, assumedMemory: 1 << 53),
    Case(
      name: "fractions are rounded up", spec: ["containers": [container("0.0001", "1500m")]], cpu: 1,
      memory: 2,
      assumedCPU: 1, assumedMemory: 2),
  ]

  @Test(arguments: cases) func requests(_ test: Case) {
    let requests = PodRequests(pod: ["spec": test.spec, "status": test.status])
    #expect(requests.resources.core.milliCPU == test.cpu)
    #expect(requests.resources.core.memory == test.memory)
    #expect(requests.assumed.milliCPU == test.assumedCPU)
    #expect(requests.assumed.memory == test.assumedMemory)
  }

  @Test func extendedResourcesAreSummedByName() {
    let pod = PodFixture("a").containers([
      ["resources": ["requests": ["example.com/gpu": "1", "hugepages-2Mi": "4Mi", "nonsense": "3"]]],
      [
        "resources": [
          "requests": ["example.com/gpu": 2, "ephemeral-storage": "1Gi", "example.com/none": "0"]
        ]
      ],
    ])
    #expect(pod.info.extendedRequests.map(\.name) == ["example.com/gpu", "hugepages-2Mi"])
    #expect(pod.info.extendedRequests.map(\.amount) == [3, 4 << 20])
    #expect(pod.info.requests.resources.core.ephemeralStorage == 1 << 30)
  }

  @Test func whatIsMalformedIsLeftOut() {
    #expect(PodInfo([:]) == nil)
    #expect(PodInfo("pod") == nil)
    #expect(NodeInfo(["metadata": ["name": ""]]) == nil)
    let odd = PodInfo([
      "metadata": ["name": "a", "labels": ["x": 1, "y": "z"]],
      "spec": [
        "containers": "none", "tolerations": [3], "affinity": ["nodeAffinity": 7, "podAffinity": []],
        "topologySpreadConstraints": [[:]], "priority": "high",
      ],
    ])
    #expect(odd?.labels == Labels(["y": "z"]))
    #expect(odd?.priority == 0)
    #expect(odd?.requests.resources == Resources())
  }
}
