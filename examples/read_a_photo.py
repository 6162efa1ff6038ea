"""Read the handwritten numbers in a picture: `python examples/read_a_photo.py PICTURE`.

Prints each line, then each of its numbers with kind, value, confidence and box; `?` marks signs of which the reader is
unsure.
"""

import sys

from sutja import Reader
from sutja.errors import SutjaError


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        reading = Reader().read(sys.argv[1])
    except SutjaError as error:
        sys.exit(str(error))
    for line in reading.lines:
        print(f"{line.text}    all of it with {line.confidence:.0%}")
        for number in line.numbers:
            left, top, width, height = number.box
            place = f"{width}×{height} pixels at ({left}, {top})"
            print(f"  {number.text}  {number.kind}  {number.value}  {number.confidence:.1%}  {place}")
    if not reading.lines:
        print("no digits found")


if __name__ == "__main__":
    main()
