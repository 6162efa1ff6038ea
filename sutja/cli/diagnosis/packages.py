"""Which packages are installed, and which extras work: each module is imported in a process of its own."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sutja.cli.diagnosis.finding import Finding, broken, note
from sutja.cli.diagnosis.requirements import BASE, CLONE, DeclaredExtra, Requirement, declared_extras
from sutja.environment import install_command

IMPORT_CHECK = Path(__file__).parent / "import_check.py"
BASE_SUBJECT, TRAIN_SUBJECT = "sutja itself", "extra train"
IMPORT_SECONDS = 120  # for the modules of one extra on a slow disk


@dataclass(frozen=True)
class ImportedPackage:
    """A required package as it was found: its `version`, or the `error` of its import; neither if it is missing."""

    requirement: Requirement
    version: str = ""
    error: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with a package that is there; "" if nothing is, or if it is missing."""
        need = self.requirement
        if self.error:
            return f"{need.package} cannot be imported: {self.error}"
        if self.version and not need.is_met_by(self.version):
            return f"{need.package} {self.version} is too old: at least {need.minimum} is needed"
        return ""

    @property
    def is_missing(self) -> bool:
        """Whether it is not installed."""
        return not self.version and not self.error


def import_packages(extras: dict[str, DeclaredExtra]) -> dict[str, list[ImportedPackage]]:
    """Import the packages of sutja itself and of each extra, as many groups at once as there are cores."""
    with ThreadPoolExecutor(max(1, min(len(extras), os.cpu_count() or 1))) as pool:
        groups = pool.map(import_group, [each.requirements for each in extras.values()])
        return dict(zip(extras, groups, strict=True))


def import_group(requirements: Sequence[Requirement]) -> list[ImportedPackage]:
    """Import packages one after the other in one process; what follows one that ends it is imported in another."""
    imported: list[ImportedPackage] = []
    while len(imported) < len(requirements):
        imported += _import_until_the_end(requirements[len(imported) :])
    return imported


def _import_until_the_end(requirements: Sequence[Requirement]) -> list[ImportedPackage]:
    command = [sys.executable, "-P", str(IMPORT_CHECK), *(each.module for each in requirements)]
    try:
        run = subprocess.run(command, capture_output=True, timeout=IMPORT_SECONDS, check=False)
        output, end = run.stdout, f"its import ends Python with the code {run.returncode}"
    except subprocess.TimeoutExpired as error:
        output, end = error.stdout or b"", f"its import takes more than {IMPORT_SECONDS} seconds"
    told: dict[str, dict[str, str]] = {}
    for line in output.decode("utf-8", "replace").splitlines():
        if line.startswith('{"module": '):  # other lines are the packages' own
            values = json.loads(line)
            told[values["module"]] = values
    reached = requirements[: max(1, len(told))]
    return [_imported(each, told.get(each.module, {}), end) for each in reached]


def _imported(requirement: Requirement, told: dict[str, str], end: str) -> ImportedPackage:
    if "version" in told:
        return ImportedPackage(requirement, _version(requirement.package) or told["version"] or "unknown")
    if told.get("missing") == requirement.module:
        return ImportedPackage(requirement)
    missing = f"it needs {told['missing']}, which is not installed" if "missing" in told else ""
    return ImportedPackage(requirement, error=told.get("error") or missing or end)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_packages() -> list[Finding]:
    """A finding for the packages of sutja itself, and one for each extra."""
    extras = declared_extras()
    imported = import_packages(extras)
    findings = {name: _check_extra(name, found) for name, found in imported.items() if name}
    for name, declared in extras.items():
        if name and findings[name].state == "ok" and (obstacle := _obstacle(declared, findings)):
            findings[name] = note(findings[name].subject, obstacle, install_command(name))
    return [_check_base(imported[BASE]), *findings.values()]


def _obstacle(declared: DeclaredExtra, findings: dict[str, Finding]) -> str:
    """Why an extra does not work although its own packages do; "" if it works."""
    if not declared.requirements and not declared.includes:
        return "the installed package is older than this code, and does not know it"
    lacking = [each for each in declared.includes if findings[each].state != "ok"]
    return f"needs the extra {', '.join(lacking)}, which does not work" if lacking else ""


def _check_base(found: Sequence[ImportedPackage]) -> Finding:
    wrong = [each.fault or f"{each.requirement.package} is not installed" for each in found if _is_wrong(each)]
    if wrong:
        return broken(BASE_SUBJECT, "; ".join(wrong), f"{_reinstall_command()}; then examine the rest")
    return Finding(BASE_SUBJECT, _versions(found))


def _is_wrong(package: ImportedPackage) -> bool:
    return bool(package.fault) or package.is_missing


def _check_extra(name: str, found: Sequence[ImportedPackage]) -> Finding:
    subject = f"extra {name}"
    if faults := [each.fault for each in found if each.fault]:
        return broken(subject, "; ".join(faults), f"{install_command(name)} --upgrade")
    if missing := [each.requirement.package for each in found if each.is_missing]:
        return note(subject, f"not installed: {', '.join(missing)}", install_command(name))
    return Finding(subject, _versions(found))


def _versions(found: Sequence[ImportedPackage]) -> str:
    return ", ".join(f"{each.requirement.package} {each.version}" for each in found)


def _reinstall_command() -> str:
    where = CLONE if (CLONE / "pyproject.toml").is_file() else "sutja"
    return f'pip install --upgrade "{where}"'
