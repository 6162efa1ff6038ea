"""`python -m sutja` is the `sutja` command."""

from sutja.cli.app import main

if __name__ == "__main__":
    main()
