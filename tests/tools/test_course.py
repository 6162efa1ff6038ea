"""The pages of the course belong to their record, and a mistake in them is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sutja.errors import SutjaError
from tools.course import running
from tools.course.checks import command_faults, faults
from tools.course.figures import FIGURES
from tools.course.lessons import LANGUAGES, LESSONS, Step, fill_outputs, page_of, prose_of, read_steps

PAGE = """# A lesson

Text with 1.5 and [a link](x-2.5.md).

```sh
sutja runs
```

```text
old
```

More.

```python
print(1)
```
"""


def figure_with(*texts: str) -> Figure:
    figure = Figure(figsize=(2, 2))
    for text in texts:
        figure.text(0, 0, text)
    return figure


def test_nothing_is_wrong_with_the_course() -> None:
    assert list(faults()) == []


@pytest.mark.parametrize("commit", [None, "07f58f5+changes"])
def test_a_lesson_that_was_run_by_code_that_nobody_can_find_is_at_fault(
    monkeypatch: pytest.MonkeyPatch, commit: str | None
) -> None:
    lessons = running.load_recorded()
    lessons["4-overfitting"]["environment"]["commit"] = commit
    monkeypatch.setattr("tools.course.checks.load_recorded", lambda: lessons)
    (fault,) = faults()
    assert fault.startswith("4-overfitting: was not run at a commit")


def test_the_blocks_of_a_page_are_read_with_their_outputs() -> None:
    assert read_steps(PAGE) == [Step("sh", "sutja runs\n", "old\n"), Step("python", "print(1)\n", None)]


def test_outputs_are_filled_in_where_the_page_shows_them() -> None:
    assert fill_outputs(PAGE, ["new\n", "1\n"]) == PAGE.replace("old", "new")


def test_the_prose_of_a_page_has_neither_blocks_nor_addresses() -> None:
    prose = prose_of(PAGE)
    assert "1.5" in prose
    assert "2.5" not in prose
    assert "sutja" not in prose


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("sutja train lenet6", "unknown recipe 'lenet6'"),
        ("sutja study mlp:epocs=3", "unknown recipe field 'epocs'"),
        ("sutja train mlp --epocs 3", "No such option: --epocs"),
        ("sutja data convart mnist x.npz", "No such command 'convart'"),
        ("rm -r runs", "not a command of sutja"),
    ],
)
def test_a_wrong_command_is_found_without_running_it(command: str, why: str) -> None:
    assert list(command_faults("sutja runs\n")) == []
    (fault,) = command_faults(command)
    assert why in fault


def test_an_interrupted_lesson_goes_on_after_its_last_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```python\nopen('there')\n```\n", encoding="utf-8")
    monkeypatch.setattr(running, "WORKPLACE", tmp_path)
    monkeypatch.setattr(running, "page_of", lambda *_: page)
    assert running.run_next_step("lesson")
    with pytest.raises(SutjaError, match="No such file"):
        running.run_next_step("lesson")
    (tmp_path / "lesson" / "there").touch()
    assert running.run_next_step("lesson")
    assert not running.run_next_step("lesson")
    first, second = json.loads((tmp_path / "lesson" / running.DONE).read_text(encoding="utf-8"))
    assert first["output"] == "1\n"
    assert first["seconds"] is not None
    assert second["seconds"] is None


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize(("language", "heading"), [("en", "## Exercise"), ("ko", "## 연습 문제")])
def test_each_lesson_has_an_exercise_with_a_solution(lesson: str, language: str, heading: str) -> None:
    _, found, exercise = page_of(lesson, language).read_text(encoding="utf-8").partition(heading)
    assert found
    assert exercise.count("<details") == exercise.count("</details>") == 1


def test_a_figure_is_drawn_in_both_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FIGURES, "1-data", lambda _: figure_with("first half", "2.5", "LeNet-5, shuffled"))
    monkeypatch.setattr(running, "find_korean_font", lambda: "DejaVu Sans")
    monkeypatch.setattr(running, "figure_of", lambda lesson, language: tmp_path / f"{lesson}.{language}.png")
    assert set(running.draw("1-data")) == set(LANGUAGES)
    assert {each.name for each in tmp_path.iterdir()} == {"1-data.en.png", "1-data.ko.png"}


def test_a_figure_with_a_text_that_has_no_korean_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FIGURES, "1-data", lambda _: figure_with("first half", "nobody wrote this"))
    monkeypatch.setattr(running, "find_korean_font", lambda: "DejaVu Sans")
    with pytest.raises(SutjaError, match="no Korean for 'nobody wrote this'"):
        running.draw("1-data")


def test_without_a_korean_font_no_figure_is_drawn_with_english_texts_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FIGURES, "1-data", lambda _: figure_with("mean"))
    monkeypatch.setattr(running, "find_korean_font", lambda: None)
    with pytest.raises(SutjaError, match="install a Korean font"):
        running.draw("1-data")


def test_each_lesson_has_a_figure_and_is_in_both_indexes() -> None:
    assert tuple(FIGURES) == LESSONS
    for language in LANGUAGES:
        index = page_of("README", language).read_text(encoding="utf-8")
        assert all(f"({page_of(lesson, language).name})" in index for lesson in LESSONS)
