"""The sound picture that is damaged, and signatures."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.dataset import load_dataset

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DIGITS = 3


@cache
def numbers_picture() -> NDArray[np.uint8]:
    """Three of MNIST's test digits side by side, black on white, `uint8 (84, 168)`."""
    images = load_dataset().test.images[:DIGITS]
    ink = np.hstack([cv2.resize(image, (40, 40), interpolation=cv2.INTER_CUBIC) for image in images])
    return np.asarray(np.pad(255 - ink, ((22, 22), (24, 24)), constant_values=255), np.uint8)
