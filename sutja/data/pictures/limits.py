"""The limits on pictures, and the variables by which OpenCV obeys them; imports nothing, so that it comes first.

`sutja/__init__.py` calls `limit_opencv`: it runs before every other module of the package, also in child processes.
"""

from __future__ import annotations

import os

MAX_PICTURE_FILE_BYTES = 200 << 20
MAX_PICTURE_PIXELS = 50_000_000
MAX_PICTURE_SIDE_PIXELS = 20_000
MAX_DECODED_BYTES = 8 * MAX_PICTURE_PIXELS  # four channels of 16 bits; floats allow fewer pixels
MAX_FILE_PAGES = 1_000  # of a PDF, TIFF or HEIF file
MAX_JPEG_SCANS = 50  # each goes over all pixels of a progressive JPEG, for which libjpeg writes 10
MAX_JPEG_SEGMENTS = 20_000  # a file of 200 MB has 3,200 full ones


def limit_opencv() -> None:
    """Limit the pictures that OpenCV decodes in this process and its children, replacing other limits.

    OpenCV reads these variables when it is loaded. If a program has imported `cv2` before `sutja`, only `decode_pixels`
    holds the limits.
    """
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(MAX_PICTURE_PIXELS)
    os.environ["OPENCV_IO_MAX_IMAGE_WIDTH"] = os.environ["OPENCV_IO_MAX_IMAGE_HEIGHT"] = str(MAX_PICTURE_SIDE_PIXELS)
