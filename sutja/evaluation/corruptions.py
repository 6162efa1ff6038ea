"""Fifteen corruptions of digits in the style of MNIST-C, to see how a network fares on what it was not trained for.

Source: N. Mu and J. Gilmer, "MNIST-C: A robustness benchmark for computer vision", arXiv 1906.02337, 2019, and their
code, google-research/mnist-c. The severities are the defaults of that code, one a corruption. Written anew for whole
batches with NumPy and SciPy alone, so the figures are close to those on the published files, but not the same.
What is known to differ:

- The random numbers, and so which pixels are hit: every image of the published set has others.
- Values are rounded to whole numbers at the end. The original returns fractions; how they were stored is not told.
- Motion blur follows ImageMagick's algorithm (one-sided Gaussian, places rounded to pixels, edge repeated), but was not
  held against that program; fog is computed in single precision.

What looks like a slip in that code is kept: glass blur smooths along columns only (the last axis of the image was
declared to be colours), and motion blur moves the digit, for its kernel is one-sided.

A corruption takes images `uint8 (N, 28, 28)` and a NumPy generator, and gives new images of the same shape and type.
Adding one is adding one function here, with `@corruption` above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS, Images
from sutja.errors import unknown

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Corruption = Callable[[Images, Generator], Images]
CORRUPTIONS: dict[str, Corruption] = {}
REFERENCE_CORRUPTION = "identity"  # what the others are compared with; it does not count in their mean
BATCH = 500  # images at once, so that memory stays small

# How hard each corruption is, with the severity of the original, 1 to 5, that this is.
SHOT_EVENTS = 3.0  # 5: events in a pixel of full ink
IMPULSE_SHARE = 0.17  # 4: of the pixels
GLASS_SIGMA, GLASS_ROUNDS = 0.7, 2  # 1: pixels; each pixel is swapped with one at most a pixel away
MOTION_RADIUS, MOTION_SIGMA, MOTION_DEGREES = 10, 3.0, 45.0  # 1: pixels; up to, in either direction
SHEAR = 0.4  # 2: radians
SCALE = 0.7  # 3: of the size
ROTATION = 0.4  # 2: radians
BRIGHTNESS = 0.5  # 5: of full ink
TRANSLATION = 3  # 3: pixels along both axes
STRIPE = 7  # one severity: columns at either side
FOG_DENSITY, FOG_DECAY, FOG_SIDE = 3.0, 1.4, 256  # 5: of full ink; an octave; pixels of the map
SPATTER_MEAN, SPATTER_DEVIATION, SPATTER_THRESHOLD = 0.65, 0.3, 0.65  # 4
SPATTER_SIGMAS, SPATTER_OPAQUE, SPATTER_INK = (1.0, 1.5), 0.8, 63 / 255  # 4: pixels, of drops and of their edges
LINE_WIDTH = 2.3  # one severity: pixels from the middle of a line to where its ink ends
DOT = 2  # one severity: columns of a dot, and between dots
ZIGZAG_STEP, ZIGZAG_HEIGHT, ZIGZAG_ENDS, ZIGZAG_CLIMB = 2.0, 2.0, (2, 25), 5  # one severity: pixels
CANNY_SIGMA, CANNY_LOW, CANNY_HIGH = 1.0, 0.1, 0.2  # one severity: pixels; of full ink

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Pixel = TypeVar("Pixel", bound=np.generic)


def corruption(name: str) -> Callable[[Corruption], Corruption]:
    """Register a function under the name that MNIST-C gives it."""

    def register(function: Corruption) -> Corruption:
        CORRUPTIONS[name] = function
        return function

    return register


def corrupt(images: Images, name: str, *, seed: int = 0) -> Images:
    """Images `uint8 (N, 28, 28)` corrupted by the registered function of that name: the same seed, the same bytes.

    Raises `UsageError` for an unknown name.
    """
    if name not in CORRUPTIONS:
        raise unknown("corruption", name, CORRUPTIONS)
    random = np.random.default_rng([seed, *name.encode()])  # each corruption has random numbers of its own
    corrupted = np.empty_like(images)
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        corrupted[part] = CORRUPTIONS[name](images[part], random)
    return corrupted


@corruption(REFERENCE_CORRUPTION)
def identity(images: Images, random: Generator) -> Images:
    """The images as they are."""
    return images.copy()


@corruption("shot_noise")
def shot_noise(images: Images, random: Generator) -> Images:
    """Ink that arrives in few, countable drops, as light does in the dark: Poisson noise, none on bare paper."""
    return _to_bytes(random.poisson(_to_unit(images) * SHOT_EVENTS) / SHOT_EVENTS)


@corruption("impulse_noise")
def impulse_noise(images: Images, random: Generator) -> Images:
    """Pixels at random become full ink or bare paper, both equally often."""
    hit = random.random(images.shape) < IMPULSE_SHARE
    ink = random.random(images.shape) < 0.5
    return np.where(hit, np.where(ink, np.uint8(255), np.uint8(0)), images)


@corruption("glass_blur")
def glass_blur(images: Images, random: Generator) -> Images:
    """As through frosted glass: smoothed along columns, pixels swapped with near ones, smoothed again."""
    smooth = _smoothing(GLASS_SIGMA)
    pixels = (
        (smooth @ _to_unit(images) * 255).astype(np.uint8).reshape(len(images), SIDE_PIXELS * SIDE_PIXELS).T.copy()
    )  # (784, N)
    # Half of the pixels are swapped, each with itself or with its neighbour to the left, above, or both.
    offsets = np.array([0, 0, 0, 0, 0, -1, -SIDE_PIXELS, -SIDE_PIXELS - 1])
    number = np.arange(len(images))
    for _ in range(GLASS_ROUNDS):
        choices = offsets[random.integers(len(offsets), size=(SIDE_PIXELS, SIDE_PIXELS, len(images)))]
        for row in range(SIDE_PIXELS - 1, 1, -1):
            for column in range(SIDE_PIXELS - 1, 1, -1):
                here = row * SIDE_PIXELS + column
                there = here + choices[row, column]
                swapped = pixels[there, number]
                pixels[there, number] = pixels[here]
                pixels[here] = swapped
    return _to_bytes(smooth @ _to_unit(pixels.T.reshape(images.shape)))


@corruption("motion_blur")
def motion_blur(images: Images, random: Generator) -> Images:
    """As if pen or camera had moved while the picture was taken, in a random direction for each image."""
    angles = np.radians(random.uniform(-MOTION_DEGREES, MOTION_DEGREES, len(images)))
    taps = 2 * MOTION_RADIUS + 1
    weights = np.exp(-(np.arange(taps) ** 2) / (2 * MOTION_SIGMA**2))
    padded = np.pad(_to_unit(images), ((0, 0), (taps, taps), (taps, taps)), mode="edge")
    blurred = np.zeros(images.shape, np.float32)
    for tap, weight in enumerate(weights / weights.sum()):
        down, right = (np.ceil(tap * part - 0.5).astype(int) for part in (np.sin(angles), np.cos(angles)))
        blurred += np.float32(weight) * _windows(padded, taps + down, taps + right)
    return _to_bytes(blurred)


@corruption("shear")
def shear(images: Images, random: Generator) -> Images:
    """Slant the digit to the left or to the right."""
    slant = ((1.0, -math.sin(SHEAR)), (0.0, math.cos(SHEAR)))
    other = ((1.0, math.sin(SHEAR)), (0.0, math.cos(SHEAR)))
    return _resample_either(images, slant, other, random)


@corruption("scale")
def scale(images: Images, random: Generator) -> Images:
    """Make the digit smaller."""
    return _resample(images, ((1 / SCALE, 0.0), (0.0, 1 / SCALE)))


@corruption("rotate")
def rotate(images: Images, random: Generator) -> Images:
    """Turn the digit to the left or to the right."""
    cosine, sine = math.cos(ROTATION), math.sin(ROTATION)
    return _resample_either(images, ((cosine, -sine), (sine, cosine)), ((cosine, sine), (-sine, cosine)), random)


@corruption("brightness")
def brightness(images: Images, random: Generator) -> Images:
    """Ink over everything, paper included."""
    return _to_bytes(_to_unit(images) + np.float32(BRIGHTNESS))


@corruption("translate")
def translate(images: Images, random: Generator) -> Images:
    """Move the digit along a diagonal, in one of four directions."""
    padded = np.pad(images, ((0, 0), (TRANSLATION, TRANSLATION), (TRANSLATION, TRANSLATION)))
    return _windows(padded, *(random.integers(2, size=(2, len(images))) * 2 * TRANSLATION))


@corruption("stripe")
def stripe(images: Images, random: Generator) -> Images:
    """Paper and ink change places in a stripe at the left and one at the right."""
    striped = images.copy()
    striped[:, :, :STRIPE] ^= 255
    striped[:, :, -STRIPE:] ^= 255
    return striped


@corruption("fog")
def fog(images: Images, random: Generator) -> Images:
    """Clouds of ink over everything; a whole image is then scaled so that its darkest pixel is as dark as before."""
    unit = _to_unit(images)
    darkest = unit.max(axis=(1, 2), keepdims=True)
    fogged = np.empty_like(unit)
    for start in range(0, len(images), 20):  # maps of 20 images fit into a processor's cache
        fogged[start : start + 20] = _clouds(len(images[start : start + 20]), random)
    return _to_bytes((unit + np.float32(FOG_DENSITY) * fogged) * darkest / (darkest + np.float32(FOG_DENSITY)))


@corruption("spatter")
def spatter(images: Images, random: Generator) -> Images:
    """Drops of thin mud on the image, lighter than ink and darker than paper."""
    noise = random.normal(SPATTER_MEAN, SPATTER_DEVIATION, images.shape).astype(np.float32)
    drops, edges = (_smoothing(sigma) for sigma in SPATTER_SIGMAS)
    wet = (drops @ noise @ drops.T > SPATTER_THRESHOLD).astype(np.float32)
    mud = edges @ wet @ edges.T
    mud[mud < SPATTER_OPAQUE] = 0
    return _to_bytes(_to_unit(images) * (1 - mud) + np.float32(SPATTER_INK) * mud)


@corruption("dotted_line")
def dotted_line(images: Images, random: Generator) -> Images:
    """A dotted line from the left edge to the right one."""
    ends = random.integers(SIDE_PIXELS - 1, size=(2, len(images)))
    lines = _stack([_line((0, first), (SIDE_PIXELS - 1, last)) for first, last in ends.T.tolist()])
    lines[:, :, np.arange(SIDE_PIXELS) // DOT % 2 == 0] = 0
    return _to_bytes(_to_unit(images) + lines)


@corruption("zigzag")
def zigzag(images: Images, random: Generator) -> Images:
    """A zigzag line from left to right, more or less level."""
    rows = random.integers(SIDE_PIXELS - 1, size=len(images))
    climbs = random.integers(-ZIGZAG_CLIMB, ZIGZAG_CLIMB, size=len(images))
    lines = _stack([_zigzag_line(row, climb) for row, climb in zip(rows.tolist(), climbs.tolist(), strict=True)])
    return _to_bytes(_to_unit(images) + lines)


@corruption("canny_edges")
def canny_edges(images: Images, random: Generator) -> Images:
    """The outlines of the digit alone: J. Canny, "A computational approach to edge detection", 1986."""
    from scipy import ndimage  # most of a second that a training, which only names corruptions, need not take

    covered = ndimage.gaussian_filter(np.ones((SIDE_PIXELS, SIDE_PIXELS)), CANNY_SIGMA, mode="constant")
    smooth = ndimage.gaussian_filter(images / 255, CANNY_SIGMA, mode="constant", axes=(1, 2)) / covered
    down, right = _sobel(smooth, 1), _sobel(smooth, 2)
    strength = np.hypot(down, right)
    weak = np.zeros(images.shape, bool)
    weak[:, 1:-1, 1:-1] = _ridges(strength, down[:, 1:-1, 1:-1], right[:, 1:-1, 1:-1])
    weak &= strength >= CANNY_LOW
    touching = np.zeros((3, 3, 3), bool)
    touching[1] = True  # pixels touch within an image, not from one image to the next
    edges, count = ndimage.label(weak, touching)
    strong = np.zeros(count + 1, bool)
    strong[edges[weak & (strength >= CANNY_HIGH)]] = True
    return np.where(strong[edges], np.uint8(255), np.uint8(0))


def _to_unit(images: Images) -> Floats:
    return images.astype(np.float32) / np.float32(255)


def _to_bytes(values: NDArray[np.floating]) -> Images:
    """Values in [0, 1], cut off there, as grey levels."""
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


@cache
def _smoothing(sigma: float) -> Floats:
    """The matrix `(28, 28)` that smooths columns when it stands to the left, with the edge repeated outside."""
    from scipy import ndimage

    return ndimage.gaussian_filter1d(np.eye(SIDE_PIXELS), sigma, axis=0, mode="nearest").astype(np.float32)


def _windows(padded: NDArray[Pixel], top: NDArray[np.int_], left: NDArray[np.int_]) -> NDArray[Pixel]:
    """From each of N larger images the 28×28 pixels that begin at its own row and column."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE_PIXELS, SIDE_PIXELS), axis=(1, 2))
    return np.asarray(windows[np.arange(len(padded)), top, left])


Matrix = tuple[tuple[float, float], tuple[float, float]]


@cache
def _resampling(matrix: Matrix) -> csr_array:
    """The bilinear reading of an image at `matrix` times each place, about the middle, as a matrix `(784, 784)`."""
    from scipy.sparse import csr_array

    middle = (SIDE_PIXELS - 1) / 2
    y, x = np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS].reshape(2, -1) - middle
    x, y = (row[0] * x + row[1] * y + middle for row in matrix)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    weights, places = [], []
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        inside = (column >= 0) & (column < SIDE_PIXELS) & (row >= 0) & (row < SIDE_PIXELS)  # outside is paper
        weights.append(((1 - np.abs(x - column)) * (1 - np.abs(y - row)))[inside])
        places.append([np.flatnonzero(inside), (row * SIDE_PIXELS + column)[inside]])
    return csr_array(
        (np.concatenate(weights), tuple(np.concatenate(places, axis=1))), shape=(SIDE_PIXELS**2, SIDE_PIXELS**2)
    )


def _resample(images: Images, matrix: Matrix) -> Images:
    flat = images.reshape(len(images), SIDE_PIXELS * SIDE_PIXELS).T / 255
    return _to_bytes((_resampling(matrix) @ flat).T).reshape(images.shape)


def _resample_either(images: Images, first: Matrix, second: Matrix, random: Generator) -> Images:
    """Each image by one of two maps, at random."""
    chosen = random.integers(2, size=len(images)).astype(bool)
    resampled = np.empty_like(images)
    resampled[chosen], resampled[~chosen] = _resample(images[chosen], first), _resample(images[~chosen], second)
    return resampled


def _clouds(count: int, random: Generator) -> Floats:
    """Corners `(count, 28, 28)` of cloud maps with values in [0, 1], by the diamond-square algorithm on a torus.

    Each octave sets the middles of squares, then those of their sides, to the mean of four neighbours and a random
    amount that shrinks from octave to octave.
    """
    clouds = np.zeros((FOG_SIDE, FOG_SIDE, count), np.float32)
    amount, step = 100.0, FOG_SIDE
    while step >= 2:
        half = step // 2

        def settle(total: Floats, limit: float = amount**2) -> Floats:
            noise = random.random(total.shape, dtype=np.float32)
            return total / 4 + np.float32(limit) * (2 * noise - 1)

        corners = clouds[::step, ::step]
        rows = corners + np.roll(corners, -1, axis=0)
        middles = clouds[half::step, half::step] = settle(rows + np.roll(rows, -1, axis=1))
        beside = corners + np.roll(corners, -1, axis=1)
        clouds[::step, half::step] = settle(middles + np.roll(middles, 1, axis=0) + beside)
        clouds[half::step, ::step] = settle(middles + np.roll(middles, 1, axis=1) + rows)
        amount, step = amount / FOG_DECAY, half
    low, high = clouds.min(axis=(0, 1)), clouds.max(axis=(0, 1))
    return np.moveaxis((clouds[:SIDE_PIXELS, :SIDE_PIXELS] - low) / (high - low), -1, 0)


@cache
def _line(start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """A line `(28, 28)` between two (column, row), full ink in its middle, fading by the vertical distance from it."""
    columns, rows = np.arange(SIDE_PIXELS), np.arange(SIDE_PIXELS)[:, None]
    (x, y), (end_x, end_y) = start, end
    if x == end_x:
        return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.float32)
    distance = np.abs(rows - (y + (end_y - y) / (end_x - x) * (columns - x)))
    line = np.clip(1 + np.log(1 - np.minimum(distance / LINE_WIDTH, 1 - 1e-10)), 0, 1)
    return np.where((columns >= math.floor(x)) & (columns < math.ceil(end_x)), line, 0).astype(np.float32)


def _stack(lines: list[Floats]) -> Floats:
    return np.asarray(lines, np.float32).reshape(-1, SIDE_PIXELS, SIDE_PIXELS)


@cache
def _zigzag_line(row: int, climb: int) -> Floats:
    """A zigzag `(28, 28)` that begins at a row and climbs by some rows to its end."""
    first, last = ZIGZAG_ENDS
    angle = math.atan(climb / (last - first))
    length = math.hypot(last - first, climb)
    turns = range(int((length - ZIGZAG_STEP) // (2 * ZIGZAG_STEP)) + 1)
    corners = [(0.0, 0.0), *(((2 * turn + 1) * ZIGZAG_STEP, (-1) ** turn * ZIGZAG_HEIGHT) for turn in turns)]
    rest = length % (2 * ZIGZAG_STEP)
    if rest:
        corners.append((length, corners[-1][1] / (2 * rest)))
    cosine, sine = math.cos(angle), math.sin(angle)
    turned = [(first + cosine * x - sine * y, row + sine * x + cosine * y) for x, y in corners]
    return np.asarray(sum(_line(start, end) for start, end in pairwise(turned)), np.float32)


def _sobel(images: Doubles, axis: int) -> Doubles:
    """How steeply `images (N, 28, 28)` rise along an axis, four times the difference of neighbours' means."""
    from scipy import ndimage

    rise = ndimage.correlate1d(images, [-1, 0, 1], axis)
    return ndimage.correlate1d(rise, [1, 2, 1], 3 - axis)


def _ridges(strength: Doubles, down: Doubles, right: Doubles) -> NDArray[np.bool_]:
    """Where the `strength (N, 28, 28)` of an inner pixel is no less than on either side of it, across the edge.

    The strength beside it is read between two neighbours, linearly, where the gradient points.
    """

    def beside(rows: int, columns: int) -> Doubles:
        return strength[:, 1 + rows : SIDE_PIXELS - 1 + rows, 1 + columns : SIDE_PIXELS - 1 + columns]

    steep, falling = np.abs(down) >= np.abs(right), down * right >= 0
    large, little = np.maximum(np.abs(down), np.abs(right)), np.minimum(np.abs(down), np.abs(right))
    weight = np.divide(little, large, out=np.zeros_like(large), where=large > 0)
    ridge = beside(0, 0) > 0
    for side in (1, -1):
        level = np.where(falling, beside(0, side), beside(0, -side))
        straight = np.where(steep, beside(side, 0), level)
        diagonal = np.where(falling, beside(side, side), beside(side, -side))
        ridge &= diagonal * weight + straight * (1 - weight) <= beside(0, 0)
    return ridge
