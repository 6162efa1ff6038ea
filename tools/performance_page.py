"""The measured parts of docs/performance.md, each a table of figures from `results/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.engines import ENGINES
from benchmarks.recording import RESULTS, load_results
from sutja.reports.tables import percent
from tools.markdown import write_table

RESULT_NAMES = ("throughput", "inference", "classify", "start-up", "sprint", "main-job")


def _throughput() -> str:
    values = load_results("throughput")
    rates = values["images_per_second"]
    rows = [
        ["sutja, images/s", *_median_and_range(rates["sutja"], ",.0f")],
        ["stock idiom, images/s", *_median_and_range(rates["stock"], ",.0f")],
        ["sutja / stock, round by round", *_median_and_range(values["ratio"], ".2f")],
    ]
    if "torch" in rates:  # measured with both engines
        rows.insert(1, ["sutja with `--engine torch`, images/s", *_median_and_range(rates["torch"], ",.0f")])
        rows.append(["sutja / `--engine torch`, round by round", *_median_and_range(values["ratio_to_torch"], ".2f")])
    return write_table(["LeNet-5 training", "median", "minimum", "maximum"], rows)


def _anatomy() -> str:
    if not (RESULTS / "anatomy.json").exists():
        return "Not measured on this machine yet.\n"
    recipes = load_results("anatomy")["recipes"]
    rows = []
    for name, values in recipes.items():
        limit = values["matrix_product_gflops"]
        for each in values["layers"]:
            times = [f"{each[part]:.2f}" for part in ("forward", "backward")]
            rows.append([f"{name}: {each['layer']}", *times, _share_of_limit(each["gflops"], limit)])
        rows += [[f"{name}: {part}", f"{took:.2f}", "", ""] for part, took in values["parts"].items()]
        step, rate = f"{values['step']:.2f}", _share_of_limit(values["step_gflops"], limit)
        rows.append([f"{name}: the step without picking and distortion", step, "", rate])
        for engine, speed in values["images_per_second"].items():
            rows.append([f"{name}: an epoch, engine {engine}", f"{1e6 / speed['median']:.1f}", "", ""])
    return write_table(["µs an image", "forward, or in all", "backward", "GFLOP/s (of the machine's)"], rows)


def _share_of_limit(gflops: float | None, limit: float) -> str:
    return "–" if gflops is None else f"{gflops:.0f} ({100 * gflops / limit:.0f} %)"


def _sprint() -> str:
    if not (RESULTS / "sprint.json").exists():
        return "Not measured on this machine yet.\n"
    values = load_results("sprint")
    example = values["example"]
    rows = [
        ["PyTorch's example, one epoch", f"{example['seconds']:.1f} s", percent(example["accuracy"]), "–", "1", "1"]
    ]
    for target, found in values["sprints"].items():
        interval = f"{percent(found['low'], 3)} – {percent(found['high'], 3)}" if found["low"] is not None else "–"
        rows.append(
            [
                f"sprint to {target} %",
                f"{found['seconds']:.2f} s",
                percent(found["accuracy"], 3),
                interval,
                str(found["seeds"]),
                f"{found['ratio']:.1f}",
            ]
        )
    return write_table(["", "median time", "mean accuracy", "95 % interval", "seeds", "times as fast"], rows)


def _inference() -> str:
    values = load_results("inference")
    rows = []
    for size, engines in values["batches"].items():
        for engine, title in ENGINES.items():
            found = engines[engine]
            rows.append(
                [
                    f"{title}, {'one digit' if size == '1' else f'{int(size):,} digits'}",
                    *_median_and_range(found["microseconds_per_digit"], ".1f"),
                    f"{found['digits_per_second']:,.0f}",
                    f"{found['ratio']['median']:.2f}",
                ]
            )
    return write_table(
        ["engine, digits at once", "µs per digit", "minimum", "maximum", "digits/s", "× bare session"], rows
    )


def _classify() -> str:
    if not (RESULTS / "classify.json").exists():
        return "Not measured on this machine yet.\n"
    values = load_results("classify")
    titles = {
        "one_by_one": "each picture prepared by itself, two networks for all (as before)",
        "together": "pictures prepared together, two networks for all",
        "cascade": "`Reader.classify`: the quick network first",
    }
    rows = []
    for pictures, part in {"28×28": "speed", "176×176": "large_speed"}.items():
        speeds = values[part]["digits_per_second"]
        worked = values[part]["processor_microseconds_per_digit"]
        rows += [
            [f"{pictures}: {titles[way]}", *_median_and_range(speeds[way], ",.0f"), f"{worked[way]['median']:,.0f} µs"]
            for way in titles
        ]
        rows.append([f"{pictures}: times as fast as before", *_median_and_range(values[part]["ratio"], ".1f"), ""])
    return write_table(["digits a second", "median", "minimum", "maximum", "processor time a digit"], rows)


def _classify_quality() -> str:
    if not (RESULTS / "classify.json").exists():
        return "Not measured on this machine yet.\n"
    values = load_results("classify")
    figures = {"accuracy": "accuracy", "coverage": "told", "calibration_error": "calibration error"}
    rows = [
        [f"{name}: {title}", *(percent(found[way][figure]) for way in ("both", "cascade"))]
        for name, found in values["labelled"].items()
        for figure, title in figures.items()
    ]
    rows += [
        [f"{name}: told as a digit", *(percent(found[way], 1) for way in ("both", "cascade"))]
        for name, found in values["others"].items()
    ]
    return write_table(["", "two networks for all", "the quick network first"], rows)


def _main_job() -> str:
    jobs = load_results("main-job")["jobs"]
    both = all("torch_seconds" in job for job in jobs)  # the first results had one engine
    engines = ["`--engine torch`", "times as fast"] if both else []
    rows = [
        [str(job["seed"]), f"{job['seconds']:.0f} s"]
        + ([f"{job['torch_seconds']:.0f} s", f"{job['torch_seconds'] / job['seconds']:.1f}"] if both else [])
        + [f"{job['peak_megabytes']:.0f} MB"]
        + [f"{run['seconds']:.0f} s, {percent(run['test']['accuracy'])}" for run in job["runs"]]
        for job in jobs
    ]
    recipes = [run["recipe"]["name"] for run in jobs[0]["runs"]]
    return write_table(["seed", "whole job", *engines, "peak memory", *recipes], rows)


def _start_up() -> str:
    row = ["`sutja --help`, s", *_median_and_range(load_results("start-up")["seconds"], ".3f")]
    return write_table(["", "median", "minimum", "maximum"], [row])


def _machines() -> str:
    rows = []
    for name in RESULT_NAMES:
        if (RESULTS / f"{name}.json").exists():
            environment = load_results(name)["environment"]
            packages = environment["packages"]
            commit, _, changed = (environment["commit"] or "–").partition("+")
            versions = [packages[each] or "–" for each in ("torch", "onnxruntime", "opencv-python-headless")]
            rows.append(
                [
                    f"`{name}.json`",
                    environment["started"][:10],
                    commit[:7] + (f" + {changed}" if changed else ""),
                    f"{environment['processor']}, {environment['cores']} cores",
                    *versions,
                ]
            )
    heads = ["figures", "taken on", "commit", "machine", "PyTorch", "ONNX Runtime", "OpenCV"]
    return write_table(heads, rows)


def _median_and_range(values: dict[str, Any], format_spec: str) -> list[str]:
    return [format(values[name], format_spec) for name in ("median", "minimum", "maximum")]


PARTS: dict[str, Callable[[], str]] = {
    "throughput": _throughput,
    "anatomy": _anatomy,
    "sprint": _sprint,
    "inference": _inference,
    "classify": _classify,
    "classify_quality": _classify_quality,
    "main_job": _main_job,
    "start_up": _start_up,
    "machines": _machines,
}
