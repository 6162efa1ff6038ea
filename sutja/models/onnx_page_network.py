"""The contract of networks that find numbers on pictures, and their maps from an ONNX file: no PyTorch.

The network sees a picture and gives nine maps at a quarter of its size. The *core* of a number is its quad without a
quarter of its height above and below, and without 0.2 heights at both ends. For each place of the maps:

| channel | value |
|---|---|
| 0, 1, 2 | logits: no core, core of a handwritten number, core of a printed number |
| 3 | log₂ (height of the digits in pixels / 32) |
| 4, 5 | the direction in which the number is read: cosine and sine, y downwards |
| 6 | how far below the middle line of the number the place is, in heights |
| 7, 8 | how far the start and the end of the number are, along its direction, in heights; at most 1 |

Channels 3 to 8 mean something in and beside cores only.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.onnx_classifier import open_session

MAP_CHANNELS = 9
MAP_STRIDE = 4  # pixels of the picture for each place of a map, in both directions
SIDE_MULTIPLE = 32  # sides of pictures are multiples of this

PageMaps = NDArray[np.float32]


class PageNetwork:
    """A network that finds numbers, loaded from an ONNX file.

    Its input is `pictures`, `uint8 (N, 3, H, W)`, blue, green, red, with sides that are multiples of 32; its output is
    `maps`, `float32 (N, 9, H / 4, W / 4)`. `temperature` divides the logits of scores where numbers are found.
    """

    def __init__(self, path: Path, *, temperature: float = 1.0, sha256: str | None = None, threads: int = 0) -> None:
        """Load the network; `threads` compute at once, and with 0 ONNX Runtime chooses.

        Raises `ModelFileError` if the file is missing or damaged, is not such a network, or has another checksum.
        """
        self.temperature = temperature
        self._session = open_session(
            path,
            sha256,
            takes=("pictures", [3, None, None]),
            gives=("maps", [MAP_CHANNELS, None, None]),
            kind="pages",
            dtype="uint8",
            threads=threads,
        )

    def maps(self, picture: NDArray[np.uint8]) -> PageMaps:
        """The maps `float32 (9, ceil(H / 4), ceil(W / 4))` of a picture `uint8 (H, W, 3)`, blue, green, red."""
        height, width = picture.shape[:2]
        batch = np.stack(cv2.split(with_whole_sides(picture)))[None]
        maps = self._session.run(batch)[0]
        return np.asarray(maps[:, : -(-height // MAP_STRIDE), : -(-width // MAP_STRIDE)])


def with_whole_sides(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture `uint8 (H, W, 3)`, black on the right and below up to the next multiple of 32."""
    height, width = picture.shape[:2]
    below, right = -height % SIDE_MULTIPLE, -width % SIDE_MULTIPLE
    return np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT), np.uint8)
