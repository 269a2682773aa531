import HTTP
import NIOCore
import Testing

@testable import WatchAPI

struct HealthReportTests {
  private func text(_ response: HTTPResponse) -> String { String(buffer: response.body) }

  private func request(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target) }

  @Test func summary() {
    let healthy = HealthSummary.response(failure: nil)
    #expect(healthy.status == 200)
    #expect(text(healthy) == #"{"health":"true","reason":""}"#)
    let failed = HealthSummary.response(failure: "ALARM NOSPACE")
    #expect(failed.status == 503)
    #expect(text(failed) == "{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n")
    let quoted = HealthSummary.response(failure: "a\"b\\c\n\u{1}")
    #expect(text(quoted) == "{\"health\":\"false\",\"reason\":\"a\\\"b\\\\c\\n\\u0001\"}\n")
  }

  @Test func report() {
    let healthy = HealthReport(outcomes: [(.serializableRead, nil), (.nonLearner, nil)])
    #expect(healthy.response(isVerbose: false).status == 200)
    #expect(text(healthy.response(isVerbose: false)) == "ok\n")
    #expect(text(healthy.response(isVerbose: true)) == "[+]serializable_read ok\n[+]non_learner ok\nok\n")
    let failed = HealthReport(outcomes: [
      (.dataCorruption, nil), (.linearizableRead, "etcdserver: no leader"),
    ])
    #expect(failed.response(isVerbose: false).status == 503)
    #expect(
      text(failed.response(isVerbose: false))
        == "[+]data_corruption ok\n[-]linearizable_read failed: etcdserver: no leader\n\n")
  }

  @Test func pathsNameTheirChecks() {
    #expect(request("/livez").healthChecks == [.serializableRead])
    #expect(request("/readyz").healthChecks == HealthCheck.allCases)
    #expect(request("/readyz/non_learner").healthChecks == [.nonLearner])
    #expect(request("/livez/non_learner").healthChecks == nil)
    #expect(request("/readyz/").healthChecks == nil)
    #expect(request("/readyz/non_learner/x").healthChecks == nil)
    #expect(request("readyz").healthChecks == nil)
    #expect(request("/").healthChecks == nil)
    #expect(
      request("/readyz?exclude=linearizable_read&exclude=&verbose&exclude=unknown").healthChecks
        == [.dataCorruption, .serializableRead, .nonLearner])
    #expect(request("/livez?exclude=serializable_read").healthChecks == [])
  }
}
