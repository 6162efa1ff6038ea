"""Which files of the repository are pages of the site, where each stands, and how they are listed."""

from __future__ import annotations

from dataclasses import dataclass

from tools.course.lessons import COURSE, LESSONS

DOCS = COURSE.parent
LANGUAGES = {"en": "English", "ko": "한국어"}
Navigation = list[dict[str, "str | list[dict[str, str]]"]]


@dataclass(frozen=True)
class PageSet:
    """The pages of one language: file of the repository → place in the site, and the site's navigation."""

    places: dict[str, str]
    navigation: Navigation


def page_sets() -> dict[str, PageSet]:
    """The pages of each of the `LANGUAGES`."""
    return {"en": _english(), "ko": _korean()}


def _english() -> PageSet:
    how_tos = {name: f"docs/{name}.md" for name in _HOW_TO}
    others = sorted({path.name.partition(".")[0] for path in DOCS.glob("*.md")} - {*_HOW_TO, "README", "api"})
    background = {name: f"docs/{name}.md" for name in others}
    project = {name: f"{name.upper()}.md" for name in ("contributing", "security", "changelog")}
    places = {"README.md": "index.md", "docs/README.md": "overview.md", "docs/api.md": "api.md", **_course("")}
    places |= {file: f"{name}.md" for name, file in {**how_tos, **background, **project}.items()}
    navigation: Navigation = [
        {"Home": "index.md"},
        {"Course": [{"Overview": "course/index.md"}, *({_TITLES[each][0]: f"course/{each}.md"} for each in LESSONS)]},
        {"How to": [{_HOW_TO[name]: f"{name}.md"} for name in how_tos]},
        {"Reference": [{"Commands": "commands.md"}, {"Python API": "api.md"}]},
        {"Background": [{name.capitalize(): f"{name}.md"} for name in background]},
        {"Project": [{"All pages": "overview.md"}, *({name.capitalize(): f"{name}.md"} for name in project)]},
    ]
    return PageSet(places, navigation)


def _korean() -> PageSet:
    others = {path.name: path.name.replace(".ko", "") for path in sorted(DOCS.glob("*.ko.md"))}
    places = {"README.ko.md": "index.md", **{f"docs/{name}": place for name, place in others.items()}, **_course(".ko")}
    lessons = [{_TITLES[each][1]: f"course/{each}.md"} for each in LESSONS]
    navigation: Navigation = [
        {"처음": "index.md"},
        {"강좌": [{"차례": "course/index.md"}, *lessons]},
        {"사용법": [{_heading(name): place} for name, place in others.items()]},
    ]
    return PageSet(places, navigation)


def _heading(name: str) -> str:
    """The first heading of a page in docs/."""
    return (DOCS / name).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _course(suffix: str) -> dict[str, str]:
    """The pages of the course whose names end with `suffix`."""
    lessons = {f"docs/course/{name}{suffix}.md": f"course/{name}.md" for name in LESSONS}
    return {f"docs/course/README{suffix}.md": "course/index.md", **lessons}


_HOW_TO = {
    "installation": "Install",
    "python": "Experiment in Python",
    "data": "Use other data",
    "sheets": "Read tables",
    "reading": "Read photographs",
}
_TITLES = {  # lesson → its short title in English and Korean
    "1-data": ("1. The data", "1. 데이터"),
    "2-perceptron": ("2. A perceptron", "2. 퍼셉트론"),
    "3-convolution": ("3. Why convolution?", "3. 왜 합성곱인가?"),
    "4-overfitting": ("4. Overfitting", "4. 과적합"),
    "5-dropout": ("5. Dropout", "5. 드롭아웃"),
    "6-augmentation": ("6. Augmentation", "6. 증강"),
    "7-intervals": ("7. What an interval says", "7. 구간이 말하는 것"),
}
