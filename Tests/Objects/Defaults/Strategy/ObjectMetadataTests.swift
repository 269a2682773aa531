import Testing

@testable import Objects

@Suite struct ObjectMetadataTests {
  @Test func generatedNamesFit() {
    #expect(ObjectMetadata.generatedName(base: "web-", suffix: "x7k2p") == "web-x7k2p")
    let long = String(repeating: "a", count: 80)
    #expect(
      ObjectMetadata.generatedName(base: long, suffix: "x7k2p") == String(repeating: "a", count: 58) + "x7k2p"
    )
    #expect(ObjectMetadata.generatedName(base: "", suffix: long) == long)
  }

  @Test func deletionIsMarkedOnceAndCanOnlyComeSooner() throws {
    let start = Timestamp(seconds: 1_800_000_000, nanoseconds: 0)
    let later = Timestamp(seconds: 1_800_000_010, nanoseconds: 0)
    var pod: JSON = ["metadata": ["generation": 2]]
    ObjectMetadata.markDeleted(&pod, at: start, gracePeriodSeconds: 30)
    let marked: JSON = [
      "metadata": [
        "generation": 3, "deletionTimestamp": "2027-01-15T08:00:30Z", "deletionGracePeriodSeconds": 30,
      ]
    ]
    #expect(pod == marked)
    #expect(!ObjectMetadata.isReadyToGo(pod))
    for longer in [30, 60] as [Int64] {
      ObjectMetadata.markDeleted(&pod, at: later, gracePeriodSeconds: longer)
      #expect(pod == marked)
    }
    ObjectMetadata.markDeleted(&pod, at: later, gracePeriodSeconds: 5)
    #expect(pod["metadata", "deletionTimestamp"] == "2027-01-15T08:00:05Z")
    #expect(pod["metadata", "generation"] == 3)
    ObjectMetadata.markDeleted(&pod, at: later, gracePeriodSeconds: -4)
    #expect(pod["metadata", "deletionGracePeriodSeconds"] == 0)
    #expect(ObjectMetadata.isReadyToGo(pod))
    pod["metadata", "finalizers"] = ["a/b"]
    #expect(!ObjectMetadata.isReadyToGo(pod))
  }

  @Test func deletionDoesNotInventAGeneration() {
    var object: JSON = ["metadata": ["name": "a"]]
    ObjectMetadata.markDeleted(&object, at: Timestamp(seconds: 0, nanoseconds: 0), gracePeriodSeconds: 0)
    #expect(object["metadata", "generation"] == nil)
    #expect(object["metadata", "deletionTimestamp"] == "1970-01-01T00:00:00Z")
    #expect(!ObjectMetadata.isReadyToGo(["metadata": [:]]))
  }

  @Test func `a period beyond all times ends with the last that can be written`() {
    var object: JSON = ["metadata": [:]]
    let time = Timestamp(seconds: 1_800_000_000, nanoseconds: 0)
    ObjectMetadata.markDeleted(&object, at: time, gracePeriodSeconds: .max)
    #expect(object["metadata", "deletionTimestamp"] == "9999-12-31T23:59:59Z")
    #expect(object["metadata", "deletionGracePeriodSeconds"] == 251_602_300_799)
    ObjectMetadata.markDeleted(&object, at: time, gracePeriodSeconds: 1)
    #expect(object["metadata", "deletionTimestamp"] == "2027-01-15T08:00:01Z")
    #expect(object["metadata", "deletionGracePeriodSeconds"] == 1)
  }

  @Test func `times and periods that do not go together do no harm`() {
    var object: JSON = ["metadata": [:]]
    let time = Timestamp(seconds: 1_800_000_000, nanoseconds: 0)
    object["metadata", "deletionTimestamp"] = "9999-12-31T23:59:59Z"
    object["metadata", "deletionGracePeriodSeconds"] = .integer(.max)
    ObjectMetadata.markDeleted(&object, at: time, gracePeriodSeconds: 1)
    #expect(object["metadata", "deletionTimestamp"] == "0001-01-01T00:00:01Z")
    #expect(object["metadata", "deletionGracePeriodSeconds"] == 1)
  }
}
