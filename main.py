"""Train and compare LeNet-5 and an MLP: `python main.py`. Any words after it are those of the `sutja` command."""

import sys

from sutja.cli import main

if __name__ == "__main__":
    main(sys.argv[1:] or ["compare"])
