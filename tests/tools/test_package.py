"""What is built for others: the wheel, the container and the workflows, as far as files tell."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import package
from tools.package import ROOT, installed_bytes, try_commands

yaml = pytest.importorskip("yaml")  # which schemathesis brings
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_size_of_an_installation_counts_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    assert installed_bytes(tmp_path) == 5


def test_the_first_command_that_fails_away_from_the_clone_ends_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(package, "_python", lambda environment: Path(sys.executable))
    monkeypatch.setattr(package, "COMMANDS", (["no-such-command"], ["--help"]))
    with pytest.raises(subprocess.CalledProcessError):
        try_commands(tmp_path, tmp_path)
    assert (tmp_path / "picture.png").read_bytes() == package.PICTURE.read_bytes()
    assert capfd.readouterr().out == "$ sutja no-such-command\n"


def test_the_container_runs_without_root_and_says_whether_it_is_healthy() -> None:
    stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d+$", stage, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/healthz", stage, re.MULTILINE)
    assert "pip install" not in stage  # what builds is left behind


def test_what_the_container_copies_is_sent_to_the_builder() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    }
    assert copied <= allowed
    assert all((ROOT / name).exists() for name in copied)


def test_the_services_cannot_write_to_their_systems_and_mount_what_is_in_the_clone() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for service in services.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        mounted = [volume.split(":")[0] for volume in service["volumes"] if volume.startswith("./")]
        assert all((ROOT / path).is_file() for path in mounted)
    assert "ports" not in services["sutja"]  # only the proxy is reached from outside
    assert "reverse_proxy sutja:8000" in (ROOT / "docker" / "Caddyfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_workflow_has_few_rights_ends_in_time_and_runs_what_is_in_the_clone(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()
            continue
        assert job["timeout-minutes"] <= 60
        for module in re.findall(r"python -m tools\.(\w+)", str(job["steps"])):
            assert (ROOT / "tools" / f"{module}.py").is_file()


def test_a_release_is_tested_built_published_and_announced_in_this_order() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
    order = {name: job.get("needs") for name, job in jobs.items()}
    assert order == {"tests": None, "build": "tests", "publish": "build", "release": "publish"}
    assert [name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()] == [
        "publish",
        "release",
    ]
