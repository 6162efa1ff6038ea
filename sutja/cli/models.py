"""`sutja models`: the published models, and the networks that can be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sutja.cli.common import Json
from sutja.errors import SutjaError

if TYPE_CHECKING:
    from sutja.networks.model import NetworkSize


def models(as_json: Json = False) -> None:
    """List the published models with their figures, and the networks that can be trained with their size."""
    from dataclasses import asdict

    from sutja.cli.console import print_error, print_json, print_table
    from sutja.models.catalogue import list_published
    from sutja.reports.tables import model_table, published_table

    cards, damages = list_published()
    sizes, wrong = _sizes()
    damages += wrong
    if as_json:
        print_json(
            {
                "published": [asdict(card) for card in cards],
                "networks": {name: asdict(size) for name, size in sizes.items()},
            }
        )
    if cards and not as_json:
        print_table(published_table(cards), title=" published models")
    if sizes and not as_json:
        print_table(model_table(sizes), title=" networks, for one digit or a strip of 48×160")
    for damage in damages:
        print_error(str(damage))
    if damages:
        raise typer.Exit(damages[0].exit_code)


def _sizes() -> tuple[dict[str, NetworkSize], list[SutjaError]]:
    """The networks with their size, and those that are defined wrongly; none where PyTorch is not installed."""
    from sutja.cli.console import remark
    from sutja.environment import install_command

    try:
        import torch

        from sutja.models.ctc import STRIP_CHANNELS, STRIP_ROWS
        from sutja.networks.line_model import LineReader
        from sutja.networks.model import NETWORKS, create, measure_size
        from sutja.networks.page_model import PageReader
        from sutja.recipe import LINE_READER, PAGE_READER
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        remark(f"The networks need PyTorch, which the extra 'train' brings: {install_command('train')}")
        return {}, []
    sizes, wrong = {}, []
    for name in NETWORKS:
        try:
            sizes[name] = measure_size(create(name, seed=0))
        except SutjaError as error:
            wrong.append(error)
    sizes[LINE_READER] = measure_size(LineReader(), torch.zeros(1, STRIP_CHANNELS, STRIP_ROWS, 160))
    sizes[PAGE_READER] = measure_size(PageReader(), torch.zeros(1, 3, 448, 448))
    return sizes, wrong
