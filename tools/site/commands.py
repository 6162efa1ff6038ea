"""The reference of the commands, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from sutja.cli.app import build_app
from tools.markdown import write_table

HEAD = """# Commands

What `--help` prints, for all commands, written from the code. `python main.py …` and, after an installation, `sutja …`
are the same command line.
"""


def render_commands() -> str:
    """The page as Markdown."""
    application: Any = get_command(build_app())
    return "".join([HEAD, *(_section(path, command) for path, command in _each(application, "sutja"))])


def _each(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command with its words, those of groups after the group."""
    for word, command in group.commands.items():
        yield f"{name} {word}", command
        if hasattr(command, "commands"):
            yield from _each(command, f"{name} {word}")


def _section(path: str, command: Any) -> str:
    """What a command does, how it is called, and a table of its arguments and options."""
    parts = [f"\n## {path}\n", _paragraphs(command.help), _paragraphs(command.epilog)]
    if not hasattr(command, "commands"):
        parts.insert(2, f"```text\n{_usage(path, command)}\n```\n")
        rows = [_row(each) for each in command.params if not getattr(each, "hidden", False)]
        parts.append(write_table(["argument or option", "meaning"], rows).replace("---:", "---") if rows else "")
    return "\n".join(part for part in parts if part)


def _paragraphs(text: str | None) -> str:
    return f"{text.strip()}\n" if text else ""


def _usage(path: str, command: Any) -> str:
    """The call: arguments in capitals, those that may be left out in brackets."""
    words = [_argument(each) for each in command.params if each.param_type_name == "argument"]
    return " ".join([path, "[OPTIONS]", *words])


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    return str(name if parameter.required else f"[{name}]")


def _row(parameter: Any) -> list[str]:
    """The names of an argument or option, and its help with what holds when it is left out."""
    if parameter.param_type_name == "argument":
        names = f"`{_argument(parameter)}`"
    else:
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        names += "" if parameter.is_flag else f" `{parameter.metavar or parameter.type.name.upper()}`"
    text = (parameter.help or "").replace("|", "\\|")
    default = parameter.default
    return [names, text if default in (None, False, ()) else f"{text} Default: `{default}`."]
