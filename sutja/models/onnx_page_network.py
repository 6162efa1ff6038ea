"""The contract of networks that find numbers on pictures, and their maps from an ONNX file: no PyTorch.

The network sees a picture and gives nine maps at a quarter of its size. The *core* of a number is its quad without a
quarter of its height above and below, and without 0.2 heights at both ends. For each place of the maps:

| channel | value |
|---|---|
| 0, 1, 2 | logits: no core, core of a handwritten number, core of a printed number |
| 3 | log₂ of the height of the digits in pixels, divided by 32 |
| 4, 5 | the direction in which the number is read: cosine and sine, y downwards |
| 6 | how far below the middle line of the number the place is, in heights |
| 7, 8 | how far the start and the end of the number are, along the direction, in heights; at most 1 |

Channels 3 to 8 mean something in and beside cores only.
"""

from __future__ import annotations

MAP_CHANNELS = 9
MAP_STRIDE = 4  # pixels of the picture for each place of a map, in both directions
SIDE_MULTIPLE = 32  # sides of pictures are multiples of this
