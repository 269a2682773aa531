import Admission
import Exchange
import Objects
import Registry
import Testing

@Suite struct LimitRangerTests {
  private static func range(_ limits: String) -> JSON {
    ["kind": "LimitRange", "metadata": ["name": "l", "namespace": "n"], "spec": ["limits": json(limits)]]
  }

  @Test func `containers get what they do not ask for, and an annotation says so`() async {
    let range = Self.range(
      #"""
      [{"type":"Container","default":{"cpu":"1","memory":"1Gi"},"defaultRequest":{"cpu":"100m"}},
      {"type":"Pod","max":{"cpu":"8"}}]
      """#)
    let pod = json(
      #"""
      {"metadata":{"name":"p"},"spec":{"containers":[{"name":"a"},
      {"name":"b","resources":{"limits":{"cpu":"2"},"requests":{"cpu":"2"}}}],
      "initContainers":[{"name":"i","resources":{"limits":{"memory":"2Gi"}}}]}}
      """#)
    let expected = json(
      #"""
      {"metadata":{"name":"p","annotations":{"kubernetes.io/limit-ranger":
      "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a; memory limit for container b; cpu request for init container i; cpu limit for init container i"}},
      "spec":{"containers":[
      {"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}}},
      {"name":"b","resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"2"}}}],
      "initContainers":[{"name":"i","resources":{"limits":{"cpu":"1","memory":"2Gi"},"requests":{"cpu":"100m"}}}]}}
      """#.replacing("\n", with: ""))
    let result = await outcome(LimitRanger(), creation(pod, resource("pods")), [range])
    #expect(result.refusal == nil)
    #expect(result.object == expected)
    #expect(await outcome(LimitRanger(), creation(expected, resource("pods")), [range]).object == expected)
  }

  @Test(arguments: [
    (#"{"max":{"cpu":"2"}}"#, nil), (#"{"min":{"cpu":"500m"}}"#, nil),
    (#"{"max":{"cpu":"1"}}"#, "maximum cpu usage per Container is 1, but limit is 2"),
    (#"{"max":{"memory":"1Gi"}}"#, "maximum memory usage per Container is 1Gi.  No limit is specified"),
    (#"{"min":{"cpu":"1"}}"#, "minimum cpu usage per Container is 1, but request is 500m"),
    (#"{"min":{"memory":"1Gi"}}"#, "minimum memory usage per Container is 1Gi.  No request is specified"),
    (
      #"{"maxLimitRequestRatio":{"cpu":"3"}}"#,
      "cpu max limit to request ratio per Container is 3, but provided ratio is 4.000000"
    ),
    (#"{"maxLimitRequestRatio":{"cpu":"4"}}"#, nil),
    (
      #"{"maxLimitRequestRatio":{"memory":"4"}}"#,
      "memory max limit to request ratio per Container is 4, but no request is specified or request is 0"
    ),
    (
      #"{"min":{"cpu":"1","memory":"1Mi"}}"#,
      "[minimum cpu usage per Container is 1, but request is 500m, "
        + "minimum memory usage per Container is 1Mi.  No request is specified]"
    ),
  ])
  func `containers stay within their limits`(limit: String, problem: String?) async {
    var limit = json(limit)
    limit["type"] = "Container"
    let pod = json(
      #"""
      {"metadata":{"name":"p"},
      "spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"2"},"requests":{"cpu":"500m"}}}]}}
      """#)
    let result = await outcome(
      LimitRanger(), creation(pod, resource("pods")), [Self.range(JSON.array([limit]).text)])
    #expect(result.refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
  }

  @Test(arguments: [
    (#"{"max":{"cpu":"5"}}"#, nil),
    (#"{"max":{"cpu":"4"}}"#, "maximum cpu usage per Pod is 4, but limit is 5"),
    (#"{"min":{"cpu":"6"}}"#, "minimum cpu usage per Pod is 6, but request is 5"),
  ])
  func `a pod's sum counts the largest init container and those that stay`(
    limit: String, problem: String?
  ) async {
    var limit = json(limit)
    limit["type"] = "Pod"
    func container(_ cpu: String, always: Bool = false) -> JSON {
      var value = json(#"{"resources":{"limits":{"cpu":"\#(cpu)"},"requests":{"cpu":"\#(cpu)"}}}"#)
      if always { value["restartPolicy"] = "Always" }
      return value
    }
    // 1 stays, then 4 beside it: 5; afterwards 1 + 2 = 3.
    let pod: JSON = [
      "metadata": ["name": "p"],
      "spec": [
        "initContainers": [container("1", always: true), container("4")], "containers": [container("2")],
      ],
    ]
    let result = await outcome(
      LimitRanger(), creation(pod, resource("pods")), [Self.range(JSON.array([limit]).text)])
    #expect(result.refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
  }

  @Test(arguments: [
    ("1Gi", nil),
    ("1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"),
    ("3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"),
  ])
  func `claims stay within their limits`(storage: String, problem: String?) async {
    let claim: JSON = [
      "metadata": ["name": "c"], "spec": ["resources": ["requests": ["storage": .string(storage)]]],
    ]
    let range = Self.range(
      #"[{"type":"PersistentVolumeClaim","min":{"storage":"1Gi"},"max":{"storage":"2Gi"}}]"#)
    let result = await outcome(
      LimitRanger(), creation(claim, resource("persistentvolumeclaims")), [range])
    #expect(result.refusal == problem.map { "403 persistentvolumeclaims \"c\" is forbidden: \($0)" })
  }
}
