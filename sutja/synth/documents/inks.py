"""Inks: pens, pencils, chalk and printers' colours, and how they cover a sheet."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.noise import noise_at
from sutja.synth.documents.writing import Layer
from sutja.synth.sheet import Colours

InkColour = NDArray[np.float32]  # blue, green, red, 0…1


@dataclass(frozen=True)
class PenInk:
    """A pen's `colour`, its `strength` (0 = invisible, 1 = covers), and how rough and uneven its strokes are, 0…1."""

    colour: InkColour
    strength: float
    rough: float = 0.0
    uneven: float = 0.0


MIN_ROUGH_DIGIT_PIXELS = 14  # smaller writing does not show how rough a pen is
ROUGH_SPOT_HEIGHTS, UNEVEN_SPOT_HEIGHTS = 0.02, 0.5  # of what a rough and an uneven pen leave out, in digit heights
MIN_FLOW = 0.3  # of an uneven pen

# (colour blue-green-red, how much it varies, weight)
PEN_COLOURS = (
    ((0.60, 0.25, 0.16), 0.10, 0.32),  # blue
    ((0.45, 0.15, 0.10), 0.08, 0.12),  # dark blue
    ((0.15, 0.14, 0.14), 0.06, 0.30),  # black
    ((0.40, 0.39, 0.39), 0.08, 0.10),  # pencil
    ((0.22, 0.18, 0.75), 0.10, 0.11),  # red
    ((0.25, 0.45, 0.12), 0.08, 0.04),  # green
    ((0.55, 0.20, 0.45), 0.08, 0.01),  # violet
)


def random_pen(rng: Generator) -> PenInk:
    """A pen that writes on white paper."""
    weights = np.array([weight for _, _, weight in PEN_COLOURS])
    colour, varies, _ = PEN_COLOURS[rng.choice(len(PEN_COLOURS), p=weights / weights.sum())]
    mixed = np.clip(np.array(colour) + rng.normal(0, varies / 2, 3), 0, 0.85).astype(np.float32)
    weak = rng.random() < 0.25
    strength = float(rng.uniform(0.25, 0.6) if weak else rng.uniform(0.6, 1))
    rough = float(rng.choice([0.0, rng.uniform(0.1, 0.5)], p=[0.6, 0.4]))
    return PenInk(mixed, strength, rough, float(rng.uniform(0, 0.3)))


def chalk(rng: Generator) -> PenInk:
    """Chalk or a bright pen on something dark."""
    colour = np.clip(0.88 + rng.normal(0, 0.06, 3), 0, 1).astype(np.float32)
    if rng.random() < 0.15:
        colour[int(rng.integers(3))] *= 0.6
    return PenInk(colour, float(rng.uniform(0.6, 1)), float(rng.uniform(0, 0.5)), float(rng.uniform(0, 0.2)))


def apply_ink(colours: Colours, layer: Layer, ink: PenInk, rng: Generator, *, digit_height: float) -> None:
    """Cover a sheet, in place, where a layer has ink."""
    places = cv2.findNonZero(layer)
    if places is None:
        return
    columns, rows = np.asarray(places, np.intp).reshape(-1, 2).T
    cover = layer[rows, columns].astype(np.float32) * np.float32(ink.strength / 255)
    if ink.rough and digit_height > MIN_ROUGH_DIGIT_PIXELS:
        grains = noise_at(rng, rows, columns, spot=ROUGH_SPOT_HEIGHTS * digit_height)
        cover *= np.clip(1 - ink.rough * np.abs(grains), 0, 1)
    if ink.uneven:
        flow = noise_at(rng, rows, columns, spot=max(2.0, UNEVEN_SPOT_HEIGHTS * digit_height))
        cover *= np.clip(1 - ink.uneven * np.abs(flow), MIN_FLOW, 1)
    there = colours[rows, columns]
    colours[rows, columns] = there + cover[:, None] * (ink.colour - there)
