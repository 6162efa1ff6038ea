"""Write the measured parts of the pages from `results/`: `python -m tools.readme`; --check only compares them.

The pages are README.md, README.ko.md, docs/performance.md, docs/reading.md and docs/reliability.md. A measured part
stands between `<!-- measured: NAME -->` and `<!-- end -->`. The speeds that `sutja doctor` shows are written, too.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recording import IMAGES, RESULTS, ROOT, load_results
from sutja.cli.diagnosis.speed import RECORDED_SPEEDS
from sutja.evaluation.significance import format_p
from sutja.files import write_text
from sutja.recipe import get_recipe
from sutja.reports.languages import to_korean
from sutja.reports.tables import effect_table
from sutja.runs.ablation import Effect, measure_effects, plan_variants
from sutja.runs.results import read_results
from tools import performance_page, reading_page, reliability_page
from tools.markdown import write_table
from tools.recorded_speeds import render_speeds

MEASURED_PART = re.compile(r"(<!-- measured: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
READMES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
PERFORMANCE = ROOT / "docs" / "performance.md"
READING = ROOT / "docs" / "reading.md"
RELIABILITY = ROOT / "docs" / "reliability.md"
ABLATED_RECIPES = ("lenet5", "mlp")  # of the recorded ablation, as docs/experiments.md runs it
ABLATION_CHANGES = ("dropout=0.1", "augmentation=affine-elastic")
ABLATION_EPOCHS = (10, 40)
SHEET_PICTURE = IMAGES / "sheet.png"
SHEET_CAPTIONS = {
    "en": "A painted sheet of marks, and the spreadsheet that came of it, with the cells that are to be checked",
    "ko": "그려서 만든 성적표와, 그것을 읽어 만든 스프레드시트. 확인할 칸에 색이 있습니다",
}
TABLE_WORDS = {
    "en": {
        "heads": ["network", "parameters", "epochs", "training", "test accuracy, seed 0 (95 % interval)", "errors"],
        "mean": "mean of {seeds} seeds",
        "lenet5": "LeNet-5",
        "mlp": "MLP",
        "lenet5-regularised": "LeNet-5, regularised",
        "lenet5-dropout": "LeNet-5 with dropout",
        "lenet5-augmentation": "LeNet-5 with augmentation",
        "lenet5-both": "LeNet-5 with both",
        "pairs": ["first → second", "points", "95 % interval", "McNemar p", "errors removed"],
        "figures": ["what", "figure"],
        "time": "`python main.py`, two cores",
        "memory": "peak memory of the same",
        "rate": "LeNet-5 training, sutja",
        "stock": "the same, stock idiom (PIL transforms, `DataLoader`, batches of 64)",
        "start": "`sutja --help`",
        "times": "{ratio:.1f} times as fast",
        "page": ["on the page of `sutja serve`, two cores", "figure"],
        "answer": "end of a stroke to digit on the screen, median (95th percentile)",
        "serving": "the server's part of that, median",
        "drawn": "accuracy on MNIST test digits drawn along their outlines / digits",
        "load": "single digits per second with {clients} concurrent clients (99th percentile of response times)",
        "weight": "total download of the page",
        "corrections": ["writer style", "errors in {digits:,} further digits", "errors in MNIST's 10,000 test digits"],
        "styles": {},
        "effects": {
            "nothing": "no difference that {} seeds can show",
            "fewer": "{:.0f} % fewer errors",
            "more": "{:.0f} % more errors",
            "after": "{} after {} epochs",
            "and": " and ",
        },
        "study": ["recipe", "parameters", "seeds", "mean test accuracy ± standard deviation", "95 % interval", "range"],
    },
    "ko": {
        "heads": ["신경망", "매개변수", "에포크", "학습 시간", "테스트 정확도, 시드 0 (95 % 구간)", "오류"],
        "mean": "시드 {seeds}개 평균",
        "lenet5": "LeNet-5",
        "mlp": "MLP",
        "lenet5-regularised": "정규화한 LeNet-5",
        "lenet5-dropout": "드롭아웃을 쓴 LeNet-5",
        "lenet5-augmentation": "증강을 쓴 LeNet-5",
        "lenet5-both": "둘 다 쓴 LeNet-5",
        "pairs": ["첫째 → 둘째", "차이 (%p)", "95 % 구간", "McNemar p", "줄어든 오류"],
        "figures": ["항목", "측정값"],
        "time": "`python main.py`, 코어 2개",
        "memory": "최대 메모리",
        "rate": "LeNet-5 학습, sutja",
        "stock": "같은 신경망, 흔한 방식 (PIL 변환, `DataLoader`, 배치 64)",
        "start": "`sutja --help`",
        "times": "{ratio:.1f}배 빠름",
        "page": ["`sutja serve`의 페이지, 코어 2개", "측정값"],
        "answer": "획을 마친 뒤 숫자가 화면에 나타날 때까지, 중앙값 (95 백분위수)",
        "serving": "그중 서버 처리 시간, 중앙값",
        "drawn": "MNIST 테스트 숫자를 윤곽대로 그렸을 때의 정확도 / 숫자 개수",
        "load": "동시 접속 클라이언트 {clients}개에서 초당 처리하는 숫자 (응답 시간의 99 백분위수)",
        "weight": "페이지의 전체 다운로드 크기",
        "corrections": ["글씨체", "다른 숫자 {digits:,}개의 오류", "MNIST 테스트 숫자 10,000개의 오류"],
        "styles": {
            "slanted far to the right": "오른쪽으로 크게 기욺",
            "slanted far to the left": "왼쪽으로 크게 기욺",
            "narrow": "좁음",
            "wide": "넓음",
            "turned by 40 degrees": "40도 돌아감",
            "broad pen": "굵은 펜",
            "bent": "구불구불함",
        },
        "effects": {
            "nothing": "시드 {}개로 보일 수 있는 차이 없음",
            "fewer": "오류 {:.0f} % 감소",
            "more": "오류 {:.0f} % 증가",
            "after": "{1}에포크 뒤 {0}",
            "and": "·",
        },
        "study": ["레시피", "매개변수", "시드", "테스트 정확도, 평균 ± 표준편차", "95 % 구간", "범위"],
    },
}


def main() -> None:
    """Write or check all pages; exits with 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    check = parser.parse_args().check
    stale = refresh_pages(check=check)
    if check and stale:
        sys.exit(f"{', '.join(stale)}: the measured parts differ from results/; run `make readme`")


def refresh_pages(*, check: bool = False) -> list[str]:
    """Write the measured parts of all pages, or only check them; returns the names of outdated files."""
    pages = [*READMES.items(), *(("en", path) for path in (PERFORMANCE, READING, RELIABILITY))]
    texts = {path: fill_measured_parts(path.read_text(encoding="utf-8"), language) for language, path in pages}
    texts[RECORDED_SPEEDS] = render_speeds()
    return [path.name for path, text in texts.items() if not _refresh(path, text, check=check)]


def _refresh(path: Path, new: str, *, check: bool) -> bool:
    """Write the text of a file unless `check`; returns whether it was up to date."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if not check:
        write_text(path, new)
    return old == new


def fill_measured_parts(text: str, language: str) -> str:
    """The text with its measured parts written from `results/`."""
    words = TABLE_WORDS[language]
    parts: dict[str, Callable[[], str]] = {
        "accuracy": lambda: _accuracy(words),
        "pairs": lambda: _pairs(words),
        "speed": lambda: _speed(words),
        "study": lambda: _study(words),
        "ablation": lambda: _ablation(language),
        "page": lambda: _page(words),
        "sheet": lambda: _sheet(language),
        "corrections": lambda: _corrections(words),
        **performance_page.PARTS,
        **reading_page.PARTS,
        **reliability_page.PARTS,
    }
    return MEASURED_PART.sub(lambda match: match[1] + parts[match[2]]() + match[4], text)


def _sheet(language: str) -> str:
    """The picture of a sheet and its spreadsheet, once `python -m tools.sheet_picture` has drawn it."""
    name = SHEET_PICTURE.relative_to(ROOT).as_posix()
    return f"![{SHEET_CAPTIONS[language]}]({name})\n" if SHEET_PICTURE.is_file() else ""


def _accuracy(words: dict[str, Any]) -> str:
    result = load_results("main-job")
    seeds = len(result["jobs"])
    rows = []
    for run in result["jobs"][0]["runs"]:
        test, name = run["test"], run["recipe"]["name"]
        over_seeds = result["recipes"][name]
        interval = f"{100 * test['accuracy_low']:.2f}–{100 * test['accuracy_high']:.2f}"
        rows.append(
            [
                words[name],
                f"{run['parameters']:,}",
                str(run["epochs"]),
                f"{run['seconds']:.0f} s",
                f"{100 * test['accuracy']:.2f} % ({interval})",
                str(test["errors"]),
                f"{over_seeds['mean']:.2f} ± {over_seeds['standard_deviation']:.2f} %",
            ]
        )
    return write_table([*words["heads"], words["mean"].format(seeds=seeds)], rows)


def _pairs(words: dict[str, Any]) -> str:
    job = load_results("main-job")["jobs"][0]
    names = [run["recipe"]["name"] for run in job["runs"]]
    titles = {get_recipe(name).title: words[name] for name in names}
    rows = [
        [
            f"{titles[pair['first']]} → {titles[pair['second']]}",
            f"{100 * pair['difference']:+.2f}",
            f"{100 * pair['difference_low']:+.2f} … {100 * pair['difference_high']:+.2f}",
            format_p(pair["p_value"]),
            f"{100 * pair['errors_removed']:.0f} %",
        ]
        for pair in job["comparisons"]
    ]
    return write_table(words["pairs"], rows)


def _study(words: dict[str, Any]) -> str:
    """Every recipe evaluated on MNIST's test digits, in the order of the file."""
    rows = []
    for result in read_results(RESULTS / "study.csv"):
        if (
            (result.part, result.data) == ("test", "mnist")
            and result.standard_deviation is not None
            and result.interval
        ):
            mean, standard_deviation = 100 * result.mean_accuracy, 100 * result.standard_deviation
            low, high = (100 * bound for bound in result.interval)
            smallest, largest = 100 * min(result.accuracies), 100 * max(result.accuracies)
            rows.append(
                [
                    f"`{result.recipe}`",
                    f"{result.parameters:,}",
                    str(len(result.seeds)),
                    f"{mean:.3f} ± {standard_deviation:.3f} %",
                    f"{low:.3f}–{high:.3f} %",
                    f"{smallest:.2f}–{largest:.2f} %",
                ]
            )
    return write_table(words["study"], rows)


def _ablation(language: str) -> str:
    """What dropout and augmentation bring to each network, as far as it is recorded: a table and its sentences."""
    results = read_results(RESULTS / "ablation.csv")
    parts = []
    for name in ABLATED_RECIPES:
        recipe = get_recipe(name)
        effects = measure_effects(plan_variants(recipe, ABLATION_CHANGES, ABLATION_EPOCHS), results)
        if effects:
            table = effect_table(effects)
            rows = [[_said(row[0], language), *row[1:]] for row in table.rows]
            heads = [recipe.title, *(_said(head, language) for head in table.heads[1:])]
            parts.append(f"{write_table(heads, rows)}\n{_list_effects(effects, language)}")
    return "\n".join(parts)


def _list_effects(effects: Sequence[Effect], language: str) -> str:
    """A line for each change: what it does to the errors after each number of epochs, also where that is nothing."""
    words: Any = TABLE_WORDS[language]["effects"]
    found: dict[str, dict[str, list[str]]] = {}
    for each in effects:
        outcomes = found.setdefault(_said(each.name, language), {})
        outcomes.setdefault(_describe_outcome(each, words), []).append(str(each.epochs))
    lines = []
    for name, outcomes in found.items():
        said = [words["after"].format(what, words["and"].join(epochs)) for what, epochs in outcomes.items()]
        lines.append(f"- {name}: {', '.join(said)}\n")
    return "".join(lines)


def _describe_outcome(effect: Effect, words: dict[str, str]) -> str:
    if not effect.is_shown:
        return words["nothing"].format(len(effect.differences))
    return words["fewer" if effect.errors_removed > 0 else "more"].format(100 * abs(effect.errors_removed))


def _said(text: str, language: str) -> str:
    return (to_korean(text) if language == "ko" else None) or text


def _speed(words: dict[str, Any]) -> str:
    job, throughput, start = load_results("main-job")["jobs"][0], load_results("throughput"), load_results("start-up")
    rates = throughput["images_per_second"]
    faster = words["times"].format(ratio=throughput["ratio"]["median"])
    rows = [
        [words["time"], f"{job['seconds']:.0f} s"],
        [words["memory"], f"{job['peak_megabytes']:.0f} MB"],
        [words["rate"], f"{rates['sutja']['median']:,.0f} images/s ({faster})"],
        [words["stock"], f"{rates['stock']['median']:,.0f} images/s"],
        [words["start"], f"{start['seconds']['median']:.2f} s"],
    ]
    return write_table(words["figures"], rows)


def _page(words: dict[str, Any]) -> str:
    page, web = load_results("page"), load_results("web")
    latency = page["latency_milliseconds"]
    rows = [
        [words["answer"], f"{latency['median']:.0f} ms ({latency['p95']:.0f} ms)"],
        [words["serving"], f"{page['server_milliseconds']['median']:.1f} ms"],
        [words["drawn"], f"{100 * page['accuracy']:.1f} % / {page['digits']}"],
        [
            words["load"].format(clients=web["clients"]),
            f"{web['requests_per_second']:.0f} ({web['latency_p99_milliseconds']:.0f} ms)",
        ],
        [words["weight"], f"{page['page_bytes'] / 1000:.0f} kB"],
    ]
    return write_table(words["page"], rows)


def _corrections(words: dict[str, Any]) -> str:
    styles = load_results("corrections")["styles"]
    rows = [
        [
            words["styles"].get(each["style"], each["style"]),
            f"{each['errors_before']} → {each['errors_after']}",
            f"{each['mnist_errors_before']} → {each['mnist_errors_after']}",
        ]
        for each in styles
    ]
    return write_table([head.format(digits=styles[0]["evaluated_digits"]) for head in words["corrections"]], rows)


if __name__ == "__main__":
    main()
