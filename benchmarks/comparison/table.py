"""Medians and ratios as Markdown and as JSON."""

import json
from statistics import median

from .measures import KEY_SIZE, MEASURES, VALUE_SIZE


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_unit(value, unit):
    return number(value) + (unit if unit.startswith("/") else " " + unit)


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def verdict(measure, etcd, raftkv):
    if measure.target is None or raftkv is None or (measure.target.is_ratio and etcd is None):
        return ""
    return "reached" if measure.target.is_reached(raftkv, etcd) else "**not reached**"


def medians(samples, measure):
    return {kind: median(by_id[measure.id]) if by_id.get(measure.id) else None for kind, by_id in samples.items()}


def comparison(samples):
    lines = [row("measure", "etcd", "raftkv", "ratio", "target", ""), "|---|--:|--:|--:|--:|---|"]
    for measure in MEASURES:
        values = medians(samples, measure)
        etcd, raftkv = values.get("etcd"), values.get("raftkv")
        if etcd is None and raftkv is None:
            continue
        lines.append(row(
            measure.title,
            with_unit(etcd, measure.unit) if etcd is not None else "–",
            with_unit(raftkv, measure.unit) if raftkv is not None else "–",
            f"{raftkv / etcd:.2f}×" if etcd and raftkv is not None else "–",
            measure.target.text if measure.target else "",
            verdict(measure, etcd, raftkv),
        ))
    return lines


def latencies(details):
    """Latency and CPU behind the measures of requests per second."""
    lines = [
        row("measure", "server", "p50", "p99", "p99.9", "CPU of server", "CPU of bench"),
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for measure in MEASURES:
        for kind, by_id in details.items():
            reports = by_id.get(measure.id)
            if not reports:
                continue

            def middle(pick):
                picked = [value for value in map(pick, reports) if value is not None]
                return median(picked) if picked else float("nan")

            lines.append(row(
                measure.title, kind,
                *(
                    number(middle(lambda report: report["latency_milliseconds"][name])) + " ms"
                    for name in ("p50", "p99", "p99_9")
                ),
                *(
                    number(middle(lambda report: report[name]["cpu_microseconds_per_operation"])) + " µs"
                    for name in ("server", "process")
                ),
            ))
    return lines if len(lines) > 2 else []


def markdown(environment, plan, rounds, samples, details, is_complete):
    lines = ["# raftkv and etcd, side by side", ""]
    if not is_complete:
        lines += ["**Interrupted: figures of the rounds done up to then.**", ""]
    lines += comparison(samples)
    lines += [
        "",
        f"Rounds: {rounds[0]}, of the storage measures {rounds[1]}; medians, the servers taking turns on one disk, each fresh. "
        f"Keys of {KEY_SIZE} B, values of {VALUE_SIZE} B, keys taken at random; 1,000 clients share 100 "
        f"connections. Requests per second: {plan.seconds:g} s each over {plan.load_keys:,} keys. Storage: "
        f"{plan.storage_keys:,} keys loaded, then nothing until the last flush is out; restart: from exec to the first "
        f"answer of /health, after an orderly start, {plan.unflushed:,} puts and kill −9; written: "
        f"{plan.overwrites:,} random overwrites by 1,000 clients, counted until nothing more is written, a clean "
        "stop included.",
    ]
    extra = latencies(details)
    if extra:
        lines += ["", "## Latency and CPU for each request", "", *extra]
    lines += ["", "## Environment", ""]
    lines += [f"- {name}: {text}" for name, text in environment]
    return "\n".join(lines) + "\n"


def as_json(environment, rounds, samples, details, is_complete):
    measures = []
    for measure in MEASURES:
        values = medians(samples, measure)
        if all(value is None for value in values.values()):
            continue
        target = measure.target
        measures.append({
            "id": measure.id, "title": measure.title, "unit": measure.unit, "medians": values,
            "samples": {kind: by_id.get(measure.id, []) for kind, by_id in samples.items()},
            "reports": {kind: by_id.get(measure.id, []) for kind, by_id in details.items()},
            "target": target.text if target else None,
            "reached": {"reached": True, "**not reached**": False}.get(
                verdict(measure, values.get("etcd"), values.get("raftkv"))),
        })
    return json.dumps({
        "environment": dict(environment), "rounds": rounds[0], "storage_rounds": rounds[1],
        "complete": is_complete, "measures": measures,
    }, indent=1, ensure_ascii=False) + "\n"
