"""`sutja sprint`: the shortest training to a target accuracy."""

from __future__ import annotations

from typing import Annotated

import typer

from sutja.cli.common import EngineName, Json, Threads, load_digits


def sprint(
    target: Annotated[str, typer.Option("--target", "-t", help="The mean accuracy to reach, in %: 99.0 or 99.5.")] = (
        "99.0"
    ),
    seeds: Annotated[int, typer.Option("--seeds", "-n", min=1, max=10_000, help="How many seeds, from 0.")] = 5,
    threads: Threads = 0,
    engine: EngineName = "auto",
    data: Annotated[str, typer.Option("--data", "-d", help="`mnist`, or a path, as for `sutja train`.")] = "mnist",
    as_json: Json = False,
) -> None:
    """Train to 99.0 or 99.5 % in the shortest time, with several seeds: seconds and test accuracy."""
    from dataclasses import asdict

    import torch

    from sutja.cli.console import print_json, print_table, remark
    from sutja.networks.device import choose_threads
    from sutja.networks.fast.engine import use_engine
    from sutja.training.sprint import Sprint, get_sprint, sprint_table, summarise
    from sutja.training.sprint import sprint as run_sprint

    recipe = get_sprint(target)
    dataset = load_digits(data)
    torch.set_num_threads(choose_threads(threads))
    remark(f"sprint to {target} %: {recipe.images:,} images, {torch.get_num_threads()} threads")
    sprints: list[Sprint] = []
    with use_engine(engine):
        for seed in range(seeds):
            sprints.append(run_sprint(recipe, dataset.train, dataset.test, seed))
            remark(f"  seed {seed}: {sprints[-1].seconds:.2f} s  accuracy {100 * sprints[-1].accuracy:.2f} %")
    together = summarise(sprints)
    if as_json:
        values = {"recipe": asdict(recipe), "threads": torch.get_num_threads(), **asdict(together)}
        print_json({"target": target, **values, "sprints": [asdict(each) for each in sprints]})
    else:
        print_table(sprint_table({target: together}))
