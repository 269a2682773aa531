import Testing

@testable import Objects

/// Whole tables: rows, what they carry, and the metadata of the list.
@Suite struct TableTests {
  private let now: Timestamp

  init() throws { now = try #require(Timestamp("2026-01-01T00:02:00Z")) }

  @Test(arguments: RecordedTable.all)
  func cellsAreThoseOfAStockServer(_ table: RecordedTable) throws {
    let now = try #require(Timestamp(table.now))
    #expect(Tables.cells(of: table.object, group: table.group, kind: table.kind, now: now) == table.cells)
  }

  @Test(arguments: RecordedColumns.all)
  func columnsAreThoseOfAStockServer(_ recorded: RecordedColumns) {
    let columns = Tables.columns(group: recorded.group, kind: recorded.kind)
    #expect(columns.map { "\($0.name):\($0.type):\($0.format):\($0.priority)" } == recorded.columns)
    #expect(columns.allSatisfy { !$0.description.isEmpty })
  }

  private func configMap(_ name: JSON, version: JSON) -> JSON {
    [
      "kind": "ConfigMap", "apiVersion": "v1", "data": ["a": "1"],
      "metadata": [
        "name": name, "namespace": "g", "resourceVersion": version,
        "creationTimestamp": "2026-01-01T00:00:00Z",
      ],
    ]
  }

  private var definitions: JSON {
    [
      [
        "name": "Name", "type": "string", "format": "name", "priority": 0,
        "description": "Name of the object, unique within its namespace.",
      ],
      ["name": "Data", "type": "string", "format": "", "priority": 0, "description": "Number of entries."],
      [
        "name": "Age", "type": "string", "format": "", "priority": 0,
        "description": "Time since the object was created.",
      ],
    ]
  }

  @Test func aRowCarriesMetadataByDefault() {
    let table = Tables.printer(group: "", kind: "ConfigMap").table(of: configMap("c", version: "7"), now: now)
    let metadata: JSON = [
      "name": "c", "namespace": "g", "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z",
    ]
    #expect(
      table == [
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": "7"],
        "columnDefinitions": definitions,
        "rows": [
          [
            "cells": ["c", 1, "2m"],
            "object": [
              "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            ],
          ]
        ],
      ])
  }

  @Test func aRowCarriesWhatWasAskedFor() {
    let object = configMap("c", version: "7")
    let printer = Tables.printer(group: "", kind: "ConfigMap")
    #expect(
      printer.table(of: object, include: .object, now: now)["rows"]
        == [["cells": ["c", 1, "2m"], "object": object]])
    #expect(
      printer.table(of: object, include: .none, now: now)["rows"] == [
        ["cells": ["c", 1, "2m"], "object": .null]
      ])
  }

  @Test func aListKeepsItsMetadataAndOrder() {
    let table = Tables.printer(group: "", kind: "ConfigMap").table(
      of: [configMap("b", version: "8"), configMap("a", version: "7")],
      listMetadata: ["resourceVersion": "9", "continue": "x", "remainingItemCount": 3], now: now)
    #expect(table["metadata"] == ["resourceVersion": "9", "continue": "x", "remainingItemCount": 3])
    #expect(table["rows"]?.array?.map { $0["cells"]?.array?.first } == ["b", "a"])
  }

  @Test func anEmptyListHasColumnsAndNoRows() {
    let table = Tables.printer(group: "", kind: "ConfigMap").table(
      of: [], listMetadata: ["resourceVersion": "9"], now: now)
    #expect(table["rows"] == [])
    #expect(table["columnDefinitions"] == definitions)
  }

  @Test func laterEventsOfAWatchHaveNoColumns() {
    let table = Tables.printer(group: "", kind: "ConfigMap").table(
      of: configMap("c", version: "7"), includesColumns: false, now: now)
    #expect(table["columnDefinitions"] == .some(.null))
    #expect(table["rows"]?.array?.count == 1)
  }

  @Test(arguments: [
    ("Succeeded", "The pod has completed successfully."), ("Failed", "The pod failed."),
  ])
  func theRowOfAFinishedPodIsCompleted(_ phase: String, _ message: String) {
    let pod: JSON = ["metadata": ["name": "p"], "status": ["phase": .string(phase)]]
    let table = Tables.printer(group: "", kind: "Pod").table(of: pod, now: now)
    let condition: JSON = [
      "type": "Completed", "status": "True", "reason": .string(phase), "message": .string(message),
    ]
    #expect(table["rows"]?.array?.first?["conditions"] == [condition])
  }

  @Test func theRowOfARunningPodHasNoConditions() {
    let pod: JSON = ["metadata": ["name": "p"], "status": ["phase": "Running"]]
    let table = Tables.printer(group: "", kind: "Pod").table(of: pod, now: now)
    #expect(table["rows"]?.array?.first?.object?.keys.sorted() == ["cells", "object"])
  }

  @Test func flowSchemasStandInTheOrderInWhichTheyMatch() {
    func schema(_ name: JSON, _ precedence: JSON) -> JSON {
      ["metadata": ["name": name], "spec": ["matchingPrecedence": precedence]]
    }
    let table = Tables.printer(group: "flowcontrol.apiserver.k8s.io", kind: "FlowSchema").table(
      of: [schema("a", 900), schema("c", 100), schema("b", 100)], listMetadata: [:], now: now)
    #expect(table["rows"]?.array?.map { $0["cells"]?.array?.first } == ["b", "c", "a"])
  }

  @Test func listsOfMetadataHaveNothingElse() {
    #expect(
      PartialObjectMetadata.list([configMap("c", version: "7")], listMetadata: ["resourceVersion": "9"]) == [
        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
        "metadata": ["resourceVersion": "9"],
        "items": [
          [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": [
              "name": "c", "namespace": "g", "resourceVersion": "7",
              "creationTimestamp": "2026-01-01T00:00:00Z",
            ],
          ]
        ],
      ])
  }
}
