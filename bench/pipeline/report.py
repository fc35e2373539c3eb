# SPDX-License-Identifier: Apache-2.0
"""Writes what was measured: one JSON file per workload, a Markdown page, SVG plots."""

import json
import pathlib

import svg

# Column title, key of a run's result, format.
THROUGHPUT = [("MB per CPU s", "mb_per_cpu_s", "{:.1f}"), ("MB/s", "mb_per_s", "{:.1f}"),
              ("CPU s", "cpu_s", "{:.2f}"), ("peak MB", "peak_rss_mb", "{:.1f}"),
              ("lost", "lost", "{:d}"), ("twice", "duplicates", "{:d}")]
STEADY = [("CPU %", "cpu_percent", "{:.2f}"), ("MB/s", "mb_per_s", "{:.1f}"),
          ("peak MB", "peak_rss_mb", "{:.1f}"), ("delay p50 ms", "delay_p50_ms", "{:.1f}"),
          ("p99 ms", "delay_p99_ms", "{:.1f}"), ("max ms", "delay_max_ms", "{:.1f}"),
          ("lost", "lost", "{:d}"), ("twice", "duplicates", "{:d}")]
MANY = [("first line s", "first_line_s", "{:.3f}"), ("idle CPU %", "idle_cpu_percent", "{:.3f}"),
        ("idle MB", "idle_rss_mb", "{:.1f}"), ("peak MB", "peak_rss_mb", "{:.1f}"),
        ("lost", "lost", "{:d}"), ("twice", "duplicates", "{:d}")]
IDLE = [("idle CPU %", "idle_cpu_percent", "{:.3f}"), ("idle MB", "idle_rss_mb", "{:.1f}"),
        ("peak MB", "peak_rss_mb", "{:.1f}")]
COLUMNS = {"backlog": THROUGHPUT, "forward": THROUGHPUT, "kafka": THROUGHPUT, "steady": STEADY,
           "many": MANY, "idle": IDLE}


def median(values):
    """The middle one, so it is always a value that was measured."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def medians(runs):
    keys = [k for k in runs[0] if isinstance(runs[0][k], (int, float))]
    return {k: median([r[k] for r in runs if r.get(k) is not None]) for k in keys}


def workload_result(workload, runs, floors, failures):
    """`runs` {collector: [run]}, `floors` [run] paired with tailrace's runs, `failures`
    [(collector, why)]."""
    result = {"workload": workload.name, "title": workload.title, "mode": workload.mode,
              "runs": runs, "floors": floors,
              "failures": [{"collector": c, "why": w} for c, w in failures],
              "medians": {name: medians(r) for name, r in runs.items() if r}}
    if floors:
        result["medians"]["floor"] = medians(floors)
        pairs = list(zip(runs.get("tailrace", []), floors))
        if pairs:
            result["ratio_to_floor"] = median(
                [run["mb_per_cpu_s"] / base["mb_per_cpu_s"] for run, base in pairs])
    return result


def write(folder, machine, command, result):
    """Keeps the result of one workload, in place of an earlier one."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result['workload']}.json").write_text(
        json.dumps({"machine": machine, "command": command, **result}, indent=1) + "\n")
    if result["mode"] == "backlog" and result["medians"]:
        (folder / f"{result['workload']}.svg").write_text(plot(result))


def write_page(folder, order, absent):
    """README.md from all results in `folder`, those of earlier sessions included."""
    folder = pathlib.Path(folder)
    page = ["# Benchmarks\n",
            "MB are 10^6 bytes of input; CPU is user + system of the collector's process, from "
            "start to end; figures are medians. The floor is the least program that makes the same "
            "output (bench/floor); it ran before each run of tailrace. Every run is checked by "
            "sequence numbers: one that loses an event is a failed run. Written by `./dev bench`.\n"]
    results = [json.loads((folder / f"{name}.json").read_text())
               for name in order if (folder / f"{name}.json").exists()]
    measured = {name for result in results for name in result["runs"]}
    absent = [name for name in absent if name not in measured]
    if absent:
        page.append("Not installed, so not measured: " + ", ".join(absent) + ".\n")
    page += [section(result) for result in results]
    (folder / "README.md").write_text("\n".join(page))


def section(result):
    columns = COLUMNS[result["mode"]]
    lines = [f"## {result['workload']}: {result['title']}\n"]
    if result["medians"]:
        lines.append("| | " + " | ".join(title for title, _, _ in columns) + " | runs |")
        lines.append("|---|" + "---:|" * (len(columns) + 1))
    for name, figures in result["medians"].items():
        runs = result["floors"] if name == "floor" else result["runs"][name]
        cells = [form.format(figures[key]) if figures.get(key) is not None else ""
                 for _, key, form in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {len(runs)} |")
    if "ratio_to_floor" in result:
        lines.append(f"\ntailrace works at {100 * result['ratio_to_floor']:.0f}% of the floor.")
    if result["mode"] == "backlog" and result["medians"]:
        lines.append(f"\n![MB per CPU second]({result['workload']}.svg)")
    machine = result["machine"]
    lines.append(f"\n`{result['command']}`, tailrace {machine['commit']}, {machine['date']}, "
                 f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}"
                 + (f", load average {machine['load']}" if "load" in machine else ""))
    for failure in result["failures"]:
        lines.append(f"\n**Failed run** of {failure['collector']}: {failure['why']}")
    return "\n".join(lines) + "\n"


def plot(result):
    rows = sorted(((name, figures["mb_per_cpu_s"], name)
                   for name, figures in result["medians"].items()), key=lambda row: -row[1])
    return svg.bars(f"{result['workload']}: {result['title']}", "MB of input per CPU second", rows)
