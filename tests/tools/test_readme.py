"""Both READMEs have the same parts, and the figures of all pages are those recorded in `results/`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from benchmarks.recording import ROOT
from sutja.cli.app import build_app
from sutja.recipe import parse_recipe
from sutja.runs.ablation import plan_variants
from sutja.runs.results import update_results
from tests.runs.test_ablation import DISTORTED, DROPOUT, MLP, results_of
from tools import reading_page, reliability_page
from tools.performance_page import PARTS
from tools.readme import ABLATION_CHANGES, PERFORMANCE, READING, READMES, RELIABILITY, fill_measured_parts
from tools.readme_commands import commands

PAGES = [
    *sorted(path.name for path in ROOT.glob("*.md")),
    *sorted(f"docs/{path.name}" for path in PERFORMANCE.parent.glob("*.md")),
]


@pytest.mark.parametrize("language", READMES)
def test_measured_parts_are_those_of_the_recorded_results(language: str) -> None:
    text = READMES[language].read_text(encoding="utf-8")
    assert fill_measured_parts(text, language) == text
    assert text.count("<!-- measured:") == 8


@pytest.mark.parametrize(("language", "said"), [("en", "dropout alone: "), ("ko", "드롭아웃만: ")])
def test_an_ablation_is_written_as_far_as_it_is_recorded(
    language: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants = plan_variants(MLP, ABLATION_CHANGES, [10])
    errors = {(): [20, 22], (DROPOUT,): [21, 20], (DISTORTED,): [10, 11], (DROPOUT, DISTORTED): [9, 9]}
    update_results(tmp_path / "ablation.csv", results_of(variants, errors))
    monkeypatch.setattr("tools.readme.RESULTS", tmp_path)
    text = fill_measured_parts("<!-- measured: ablation -->\n<!-- end -->", language)
    assert "| MLP |" in text
    assert said in text
    assert "LeNet-5" not in text


@pytest.mark.parametrize(
    ("language", "nothing", "augmentation"),
    [
        (
            "en",
            "- dropout alone: no difference that 5 seeds can show after 10 and 40 epochs\n",
            "- augmentation alone: no difference that 5 seeds can show after 10 epochs, 50 % fewer errors after 40 ep",
        ),
        (
            "ko",
            "- 드롭아웃만: 10·40에포크 뒤 시드 5개로 보일 수 있는 차이 없음\n",
            "- 데이터 증강만: 10에포크 뒤 시드 5개로 보일 수 있는 차이 없음, 40에포크 뒤 오류 50 % 감소",
        ),
    ],
)
def test_each_effect_of_an_ablation_is_one_short_line(
    language: str, nothing: str, augmentation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [20, 22, 21, 20, 22]
    for epochs, distorted in ((10, [21, 21, 21, 21, 21]), (40, [10, 11, 10, 11, 10])):
        variants = plan_variants(MLP, ABLATION_CHANGES, [epochs])
        errors = {(): plain, (DROPOUT,): plain[::-1], (DISTORTED,): distorted, (DROPOUT, DISTORTED): distorted}
        update_results(tmp_path / "ablation.csv", results_of(variants, errors))
    monkeypatch.setattr("tools.readme.RESULTS", tmp_path)
    text = fill_measured_parts("<!-- measured: ablation -->\n<!-- end -->", language)
    assert nothing in text
    assert augmentation in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_parts_of_the_page_on_performance_are_as_recorded() -> None:
    text = PERFORMANCE.read_text(encoding="utf-8")
    assert fill_measured_parts(text, "en") == text
    assert re.findall(r"<!-- measured: (\w+)", text) == ["speed", *PARTS]


def test_the_parts_of_the_page_on_reading_are_as_recorded() -> None:
    text = READING.read_text(encoding="utf-8")
    assert fill_measured_parts(text, "en") == text
    assert re.findall(r"<!-- measured: (\w+)", text) == list(reading_page.PARTS)


def test_the_page_on_reliability_has_each_of_its_parts_as_recorded() -> None:
    text = RELIABILITY.read_text(encoding="utf-8")
    assert fill_measured_parts(text, "en") == text
    assert re.findall(r"<!-- measured: (\w+)", text) == list(reliability_page.PARTS)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([\w/.-]*)(?:#([\w-]+))?\)", path.read_text(encoding="utf-8"))
    assert links or page == "SECURITY.md"
    for target, heading in links:
        found = path.parent / target if target else path
        assert found.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings], heading


@pytest.mark.parametrize("page", PAGES)
def test_modules_that_a_page_names_exist(page: str) -> None:
    modules = [f"/{path.relative_to(ROOT)}" for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    for name in re.findall(r"`([\w/]+\.py)`", (ROOT / page).read_text(encoding="utf-8")):
        assert any(module.endswith(f"/{name}") for module in modules), name


def test_the_page_on_the_architecture_lists_the_packages_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [layer.removeprefix("sutja.") for layer in contracts[0]["layers"]]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = re.findall(r"^\| `(\w+)` \|", page.partition("## Packages")[2].partition("\n## ")[0], re.MULTILINE)
    assert packages == layers[: len(packages)]
    assert len(packages) == sum((path / "__init__.py").exists() for path in (ROOT / "sutja").iterdir())


def test_the_page_on_the_protocol_does_what_it_says() -> None:
    """Its commands name options and recipes that exist."""
    text = PERFORMANCE.with_name("protocol.md").read_text(encoding="utf-8")
    commands = re.findall(r"^ +sutja study (.*)$", text, re.MULTILINE)
    assert len(commands) == 2
    command: Any = get_command(build_app())
    options = {name for parameter in command.commands["study"].params for name in parameter.opts}
    for word in " ".join(commands).split():
        if word.startswith("-"):
            assert word in options
        elif word.startswith(("lenet5", "mlp")):
            parse_recipe(word)


def test_both_languages_have_the_same_parts() -> None:
    english, korean = (path.read_text(encoding="utf-8") for path in READMES.values())
    for pattern in (r"^#+ ", r"^!\[", r"^<!-- .*", r"^```\w*", r"^sutja/\w*", r"\]\((?!README)[\w/.#-]+\)"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, korean)]
        assert len(found[0]) == len(found[1]) > 0, pattern
    without_comments = [[re.sub(r" *#.*", "", block) for block in commands(text)] for text in (english, korean)]
    assert without_comments[0] == without_comments[1]


@pytest.mark.parametrize("language", READMES)
def test_each_package_and_module_of_the_ground_floor_is_in_the_tree(language: str) -> None:
    tree = READMES[language].read_text(encoding="utf-8").partition("\nsutja/\n")[2].partition("\n```")[0]
    for path in (ROOT / "sutja").iterdir():
        if (path / "__init__.py").exists():
            assert f"\n  {path.name}/ " in f"\n{tree}", path.name
        elif path.suffix == ".py" and not path.name.startswith("__"):
            assert path.name in tree, path.name
