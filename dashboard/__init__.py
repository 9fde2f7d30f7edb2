"""The control room: the `parvis` command, the report and the pages that a person operates."""

__version__ = "0.1.0"
