"""``python -m relsynth``: the command line."""

from relsynth.cli import main

if __name__ == "__main__":
    main()
