"""Train and compare LeNet-5 and an MLP: `python main.py`. Any words after it are those of the `sutja` command."""

import sys

if __name__ == "__main__":
    try:
        from sutja.cli.app import main
    except ModuleNotFoundError as error:
        sys.exit(f"sutja: {error.name} is not installed: python -m pip install -r requirements.txt")
    main(sys.argv[1:] or ["compare"])
