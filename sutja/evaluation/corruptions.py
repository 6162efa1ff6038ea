"""Fifteen corruptions in the style of MNIST-C, which measure robustness to inputs unlike the training digits.

Source: N. Mu and J. Gilmer, "MNIST-C: A robustness benchmark for computer vision", arXiv 1906.02337, 2019, and their
code, google-research/mnist-c. Each corruption has the default severity of that code. This implementation processes
whole batches with NumPy and SciPy alone, so results are close to those on the published files but not the same. Known
differences:

- The random numbers, and so the affected pixels, differ for every image.
- Values are rounded to whole numbers at the end. The original returns fractions; their storage is undocumented.
- Motion blur follows ImageMagick's algorithm (one-sided Gaussian, positions rounded to pixels, edges repeated) but was
  not compared with that program's output. Fog is computed in single precision.

Apparent mistakes in the original are kept: glass blur smooths along columns only (the last axis of the image was
declared to be colours), and motion blur moves the digit because its kernel is one-sided.

A corruption maps images `uint8 (N, 28, 28)` and a NumPy generator to new images of the same shape and type. To add one,
add one function here, decorated with `@corruption`.
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
REFERENCE_CORRUPTION = "identity"  # the uncorrupted baseline, left out of the mean
IMAGES_PER_BATCH = 500  # bounds memory

# The strength of each corruption; a comment gives the severity of MNIST-C, 1 to 5, or "-" if there is only one.
SHOT_EVENTS_PER_PIXEL = 3.0  # 5: at full ink
IMPULSE_SHARE = 0.17  # 4: of the pixels
GLASS_SIGMA_PIXELS, GLASS_ROUNDS = 0.7, 2  # 1: each pixel is swapped with one at most a pixel away
MOTION_RADIUS_PIXELS, MOTION_SIGMA_PIXELS, MAX_MOTION_DEGREES = 10, 3.0, 45.0  # 1: degrees in either direction
SHEAR_RADIANS = 0.4  # 2
SCALE_FACTOR = 0.7  # 3
ROTATION_RADIANS = 0.4  # 2
BRIGHTNESS_OFFSET = 0.5  # 5: of full ink
TRANSLATION_PIXELS = 3  # 3: along both axes
STRIPE_COLUMNS = 7  # -: on either side
FOG_DENSITY, FOG_DECAY_PER_OCTAVE, FOG_MAP_SIDE_PIXELS = 3.0, 1.4, 256  # 5: density of full ink
SPATTER_MEAN, SPATTER_STANDARD_DEVIATION, SPATTER_THRESHOLD = 0.65, 0.3, 0.65  # 4
SPATTER_SIGMAS_PIXELS, MIN_SPATTER_OPACITY, SPATTER_INK = (1.0, 1.5), 0.8, 63 / 255  # 4: sigmas of drops and edges
LINE_HALF_WIDTH_PIXELS = 2.3  # -: from the middle of a line to where its ink ends
DOT_COLUMNS = 2  # -: of a dot, and of the gap between dots
ZIGZAG_STEP_PIXELS, ZIGZAG_HEIGHT_PIXELS, ZIGZAG_END_COLUMNS, MAX_ZIGZAG_CLIMB_PIXELS = 2.0, 2.0, (2, 25), 5  # -
CANNY_SIGMA_PIXELS, CANNY_LOW_THRESHOLD, CANNY_HIGH_THRESHOLD = 1.0, 0.1, 0.2  # -: thresholds of full ink

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
PixelType = TypeVar("PixelType", bound=np.generic)


def corruption(name: str) -> Callable[[Corruption], Corruption]:
    """Register a function under its name in MNIST-C."""

    def register(function: Corruption) -> Corruption:
        CORRUPTIONS[name] = function
        return function

    return register


def corrupt(images: Images, name: str, *, seed: int = 0) -> Images:
    """Apply the corruption called `name` to images `uint8 (N, 28, 28)`; the same seed gives the same bytes.

    Raises `UsageError` for an unknown name.
    """
    if name not in CORRUPTIONS:
        raise unknown("corruption", name, CORRUPTIONS)
    random = np.random.default_rng([seed, *name.encode()])  # each corruption has its own random numbers
    corrupted = np.empty_like(images)
    for start in range(0, len(images), IMAGES_PER_BATCH):
        part = slice(start, start + IMAGES_PER_BATCH)
        corrupted[part] = CORRUPTIONS[name](images[part], random)
    return corrupted


@corruption(REFERENCE_CORRUPTION)
def identity(images: Images, random: Generator) -> Images:
    """Return the images unchanged."""
    return images.copy()


@corruption("shot_noise")
def shot_noise(images: Images, random: Generator) -> Images:
    """Poisson noise, as from counting few photons in low light; paper stays free of it."""
    return _to_bytes(random.poisson(_to_unit(images) * SHOT_EVENTS_PER_PIXEL) / SHOT_EVENTS_PER_PIXEL)


@corruption("impulse_noise")
def impulse_noise(images: Images, random: Generator) -> Images:
    """Set random pixels to full ink or paper, with equal probability."""
    hit = random.random(images.shape) < IMPULSE_SHARE
    ink = random.random(images.shape) < 0.5
    return np.where(hit, np.where(ink, np.uint8(255), np.uint8(0)), images)


@corruption("glass_blur")
def glass_blur(images: Images, random: Generator) -> Images:
    """Frosted glass: smooth along columns, swap pixels with near ones, smooth again."""
    smooth = _smoothing(GLASS_SIGMA_PIXELS)
    pixels = (smooth @ _to_unit(images) * 255).astype(np.uint8).reshape(-1, SIDE_PIXELS**2).T.copy()  # (784, N)
    # Offsets to the pixel to swap with: none in five of eight cases, else left, above, or above left.
    offsets = np.array([0, 0, 0, 0, 0, -1, -SIDE_PIXELS, -SIDE_PIXELS - 1])
    number = np.arange(len(images))
    for _ in range(GLASS_ROUNDS):
        choices = offsets[random.integers(len(offsets), size=(SIDE_PIXELS, SIDE_PIXELS, len(images)))]
        for row in range(SIDE_PIXELS - 1, 1, -1):
            for column in range(SIDE_PIXELS - 1, 1, -1):
                place = row * SIDE_PIXELS + column
                partner = place + choices[row, column]
                swapped = pixels[partner, number]
                pixels[partner, number] = pixels[place]
                pixels[place] = swapped
    return _to_bytes(smooth @ _to_unit(pixels.T.reshape(images.shape)))


@corruption("motion_blur")
def motion_blur(images: Images, random: Generator) -> Images:
    """Blur as by a moving camera, in a random direction for each image."""
    angles = np.radians(random.uniform(-MAX_MOTION_DEGREES, MAX_MOTION_DEGREES, len(images)))
    taps = 2 * MOTION_RADIUS_PIXELS + 1
    weights = np.exp(-(np.arange(taps) ** 2) / (2 * MOTION_SIGMA_PIXELS**2))
    padded = np.pad(_to_unit(images), ((0, 0), (taps, taps), (taps, taps)), mode="edge")
    blurred = np.zeros(images.shape, np.float32)
    for tap, weight in enumerate(weights / weights.sum()):
        down, right = (np.ceil(tap * part - 0.5).astype(int) for part in (np.sin(angles), np.cos(angles)))
        blurred += np.float32(weight) * _windows(padded, taps + down, taps + right)
    return _to_bytes(blurred)


@corruption("shear")
def shear(images: Images, random: Generator) -> Images:
    """Slant the digit to the left or to the right."""
    sine, cosine = math.sin(SHEAR_RADIANS), math.cos(SHEAR_RADIANS)
    return _resample_either(images, ((1.0, -sine), (0.0, cosine)), ((1.0, sine), (0.0, cosine)), random)


@corruption("scale")
def scale(images: Images, random: Generator) -> Images:
    """Make the digit smaller."""
    return _resample(images, ((1 / SCALE_FACTOR, 0.0), (0.0, 1 / SCALE_FACTOR)))


@corruption("rotate")
def rotate(images: Images, random: Generator) -> Images:
    """Rotate the digit to the left or to the right."""
    cosine, sine = math.cos(ROTATION_RADIANS), math.sin(ROTATION_RADIANS)
    return _resample_either(images, ((cosine, -sine), (sine, cosine)), ((cosine, sine), (-sine, cosine)), random)


@corruption("brightness")
def brightness(images: Images, random: Generator) -> Images:
    """Add ink everywhere, paper included."""
    return _to_bytes(_to_unit(images) + np.float32(BRIGHTNESS_OFFSET))


@corruption("translate")
def translate(images: Images, random: Generator) -> Images:
    """Move the digit along a diagonal, in one of four directions."""
    padded = np.pad(images, ((0, 0), (TRANSLATION_PIXELS,) * 2, (TRANSLATION_PIXELS,) * 2))
    return _windows(padded, *(random.integers(2, size=(2, len(images))) * 2 * TRANSLATION_PIXELS))


@corruption("stripe")
def stripe(images: Images, random: Generator) -> Images:
    """Invert a stripe along the left edge and one along the right edge."""
    striped = images.copy()
    striped[:, :, :STRIPE_COLUMNS] ^= 255
    striped[:, :, -STRIPE_COLUMNS:] ^= 255
    return striped


@corruption("fog")
def fog(images: Images, random: Generator) -> Images:
    """Add clouds of ink, then scale each image so that its darkest pixel is as dark as before."""
    unit = _to_unit(images)
    darkest = unit.max(axis=(1, 2), keepdims=True)
    fogged = np.empty_like(unit)
    for start in range(0, len(images), 20):  # the maps of 20 images fit into the processor's cache
        fogged[start : start + 20] = _clouds(len(images[start : start + 20]), random)
    return _to_bytes((unit + np.float32(FOG_DENSITY) * fogged) * darkest / (darkest + np.float32(FOG_DENSITY)))


@corruption("spatter")
def spatter(images: Images, random: Generator) -> Images:
    """Drops of thin mud, lighter than ink and darker than paper."""
    noise = random.normal(SPATTER_MEAN, SPATTER_STANDARD_DEVIATION, images.shape).astype(np.float32)
    drops, edges = (_smoothing(sigma) for sigma in SPATTER_SIGMAS_PIXELS)
    wet = (drops @ noise @ drops.T > SPATTER_THRESHOLD).astype(np.float32)
    mud = edges @ wet @ edges.T
    mud[mud < MIN_SPATTER_OPACITY] = 0
    return _to_bytes(_to_unit(images) * (1 - mud) + np.float32(SPATTER_INK) * mud)


@corruption("dotted_line")
def dotted_line(images: Images, random: Generator) -> Images:
    """Draw a dotted line from the left edge to the right edge."""
    ends = random.integers(SIDE_PIXELS - 1, size=(2, len(images)))
    lines = _stack([_line((0, first), (SIDE_PIXELS - 1, last)) for first, last in ends.T.tolist()])
    lines[:, :, np.arange(SIDE_PIXELS) // DOT_COLUMNS % 2 == 0] = 0
    return _to_bytes(_to_unit(images) + lines)


@corruption("zigzag")
def zigzag(images: Images, random: Generator) -> Images:
    """Draw a roughly horizontal zigzag line from left to right."""
    rows = random.integers(SIDE_PIXELS - 1, size=len(images))
    climbs = random.integers(-MAX_ZIGZAG_CLIMB_PIXELS, MAX_ZIGZAG_CLIMB_PIXELS, size=len(images))
    lines = _stack([_zigzag_line(row, climb) for row, climb in zip(rows.tolist(), climbs.tolist(), strict=True)])
    return _to_bytes(_to_unit(images) + lines)


@corruption("canny_edges")
def canny_edges(images: Images, random: Generator) -> Images:
    """Keep only the edges of the digit. Source: J. Canny, "A computational approach to edge detection", 1986."""
    from scipy import ndimage  # imported here: it takes most of a second, and training needs only the names

    covered = ndimage.gaussian_filter(np.ones((SIDE_PIXELS, SIDE_PIXELS)), CANNY_SIGMA_PIXELS, mode="constant")
    smooth = ndimage.gaussian_filter(images / 255, CANNY_SIGMA_PIXELS, mode="constant", axes=(1, 2)) / covered
    down, right = _sobel(smooth, 1), _sobel(smooth, 2)
    strength = np.hypot(down, right)
    weak = np.zeros(images.shape, bool)
    weak[:, 1:-1, 1:-1] = _ridges(strength, down[:, 1:-1, 1:-1], right[:, 1:-1, 1:-1])
    weak &= strength >= CANNY_LOW_THRESHOLD
    touching = np.zeros((3, 3, 3), bool)
    touching[1] = True  # pixels are connected within an image, not across images
    edges, count = ndimage.label(weak, touching)
    strong = np.zeros(count + 1, bool)
    strong[edges[weak & (strength >= CANNY_HIGH_THRESHOLD)]] = True
    return np.where(strong[edges], np.uint8(255), np.uint8(0))


def _to_unit(images: Images) -> Floats:
    return images.astype(np.float32) / np.float32(255)


def _to_bytes(values: NDArray[np.floating]) -> Images:
    """Clip values to [0, 1] and convert them to grey levels."""
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


@cache
def _smoothing(sigma: float) -> Floats:
    """The matrix `(28, 28)` that smooths columns by left multiplication, with edges repeated outside."""
    from scipy import ndimage

    return ndimage.gaussian_filter1d(np.eye(SIDE_PIXELS), sigma, axis=0, mode="nearest").astype(np.float32)


def _windows(padded: NDArray[PixelType], top: NDArray[np.int_], left: NDArray[np.int_]) -> NDArray[PixelType]:
    """Crop 28×28 pixels from each of N larger images, at its own row and column."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE_PIXELS, SIDE_PIXELS), axis=(1, 2))
    return np.asarray(windows[np.arange(len(padded)), top, left])


Matrix = tuple[tuple[float, float], tuple[float, float]]


@cache
def _resampling(matrix: Matrix) -> csr_array:
    """The matrix `(784, 784)` that samples an image bilinearly at `matrix` times each position about the centre."""
    from scipy.sparse import csr_array

    middle = (SIDE_PIXELS - 1) / 2
    y, x = np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS].reshape(2, -1) - middle
    x, y = (row[0] * x + row[1] * y + middle for row in matrix)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    weights, places = [], []
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        inside = (column >= 0) & (column < SIDE_PIXELS) & (row >= 0) & (row < SIDE_PIXELS)  # paper outside
        weights.append(((1 - np.abs(x - column)) * (1 - np.abs(y - row)))[inside])
        places.append([np.flatnonzero(inside), (row * SIDE_PIXELS + column)[inside]])
    return csr_array(
        (np.concatenate(weights), tuple(np.concatenate(places, axis=1))), shape=(SIDE_PIXELS**2, SIDE_PIXELS**2)
    )


def _resample(images: Images, matrix: Matrix) -> Images:
    flat = images.reshape(len(images), SIDE_PIXELS * SIDE_PIXELS).T / 255
    return _to_bytes((_resampling(matrix) @ flat).T).reshape(images.shape)


def _resample_either(images: Images, first: Matrix, second: Matrix, random: Generator) -> Images:
    """Resample each image by one of two matrices, chosen at random."""
    by_first = random.integers(2, size=len(images)).astype(bool)
    resampled = np.empty_like(images)
    resampled[by_first], resampled[~by_first] = _resample(images[by_first], first), _resample(images[~by_first], second)
    return resampled


def _clouds(count: int, random: Generator) -> Floats:
    """Corners `(count, 28, 28)` of cloud maps with values in [0, 1], by the diamond-square algorithm on a torus.

    Each octave sets the centres of squares, then the midpoints of their sides, to the mean of four neighbours plus a
    random amount that shrinks with every octave.
    """
    clouds = np.zeros((FOG_MAP_SIDE_PIXELS, FOG_MAP_SIDE_PIXELS, count), np.float32)
    amount, step = 100.0, FOG_MAP_SIDE_PIXELS
    while step >= 2:
        half = step // 2

        def mean_with_noise(total: Floats, limit: float = amount**2) -> Floats:
            noise = random.random(total.shape, dtype=np.float32)
            return total / 4 + np.float32(limit) * (2 * noise - 1)

        corners = clouds[::step, ::step]
        rows = corners + np.roll(corners, -1, axis=0)
        centres = clouds[half::step, half::step] = mean_with_noise(rows + np.roll(rows, -1, axis=1))
        beside = corners + np.roll(corners, -1, axis=1)
        clouds[::step, half::step] = mean_with_noise(centres + np.roll(centres, 1, axis=0) + beside)
        clouds[half::step, ::step] = mean_with_noise(centres + np.roll(centres, 1, axis=1) + rows)
        amount, step = amount / FOG_DECAY_PER_OCTAVE, half
    low, high = clouds.min(axis=(0, 1)), clouds.max(axis=(0, 1))
    return np.moveaxis((clouds[:SIDE_PIXELS, :SIDE_PIXELS] - low) / (high - low), -1, 0)


@cache
def _line(start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """A line `(28, 28)` between two points (column, row) whose ink fades with the vertical distance from its middle."""
    columns, rows = np.arange(SIDE_PIXELS), np.arange(SIDE_PIXELS)[:, None]
    (x, y), (end_x, end_y) = start, end
    if x == end_x:
        return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.float32)
    distance = np.abs(rows - (y + (end_y - y) / (end_x - x) * (columns - x)))
    line = np.clip(1 + np.log(1 - np.minimum(distance / LINE_HALF_WIDTH_PIXELS, 1 - 1e-10)), 0, 1)
    return np.where((columns >= math.floor(x)) & (columns < math.ceil(end_x)), line, 0).astype(np.float32)


def _stack(lines: list[Floats]) -> Floats:
    return np.asarray(lines, np.float32).reshape(-1, SIDE_PIXELS, SIDE_PIXELS)


@cache
def _zigzag_line(row: int, climb: int) -> Floats:
    """A zigzag line `(28, 28)` that starts at `row` and climbs by `climb` rows to its end."""
    first, last = ZIGZAG_END_COLUMNS
    angle = math.atan(climb / (last - first))
    length = math.hypot(last - first, climb)
    turns = range(int((length - ZIGZAG_STEP_PIXELS) // (2 * ZIGZAG_STEP_PIXELS)) + 1)
    peaks = [((2 * turn + 1) * ZIGZAG_STEP_PIXELS, (-1) ** turn * ZIGZAG_HEIGHT_PIXELS) for turn in turns]
    corners = [(0.0, 0.0), *peaks]
    rest = length % (2 * ZIGZAG_STEP_PIXELS)
    if rest:
        corners.append((length, corners[-1][1] / (2 * rest)))
    cosine, sine = math.cos(angle), math.sin(angle)
    turned = [(first + cosine * x - sine * y, row + sine * x + cosine * y) for x, y in corners]
    return np.asarray(sum(_line(start, end) for start, end in pairwise(turned)), np.float32)


def _sobel(images: Doubles, axis: int) -> Doubles:
    """The gradient of `images (N, 28, 28)` along an axis by a Sobel filter."""
    from scipy import ndimage

    differences = ndimage.correlate1d(images, [-1, 0, 1], axis)
    return ndimage.correlate1d(differences, [1, 2, 1], 3 - axis)


def _ridges(strength: Doubles, down: Doubles, right: Doubles) -> NDArray[np.bool_]:
    """Non-maximum suppression: inner pixels whose `strength (N, 28, 28)` has a maximum across the edge.

    The strength on either side is interpolated linearly between two neighbours, along the gradient.
    """

    def beside(rows: int, columns: int) -> Doubles:
        return strength[:, 1 + rows : SIDE_PIXELS - 1 + rows, 1 + columns : SIDE_PIXELS - 1 + columns]

    steep, same_sign = np.abs(down) >= np.abs(right), down * right >= 0
    major, minor = np.maximum(np.abs(down), np.abs(right)), np.minimum(np.abs(down), np.abs(right))
    weight = np.divide(minor, major, out=np.zeros_like(major), where=major > 0)
    ridge = beside(0, 0) > 0
    for side in (1, -1):
        level = np.where(same_sign, beside(0, side), beside(0, -side))
        straight = np.where(steep, beside(side, 0), level)
        diagonal = np.where(same_sign, beside(side, side), beside(side, -side))
        ridge &= diagonal * weight + straight * (1 - weight) <= beside(0, 0)
    return ridge
