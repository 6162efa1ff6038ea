"""Read the handwritten numbers in a picture: `python examples/read_a_photo.py PICTURE`.

Prints each line, then each digit with its confidence and its box; `?` marks digits of which the reader is unsure.
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
        for digit in line.digits:
            left, top, width, height = digit.box
            unsure = "" if digit.digit is not None else "  unsure"
            print(f"  {digit.guess}  {digit.confidence:6.1%}  {width}×{height} pixels at ({left}, {top}){unsure}")
    if not reading.lines:
        print("no digits found")


if __name__ == "__main__":
    main()
