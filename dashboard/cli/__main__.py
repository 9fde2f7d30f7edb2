"""``python -m dashboard.cli`` is the `parvis` command."""

from dashboard.cli import main

if __name__ == "__main__":
    main()
