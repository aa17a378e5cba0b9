"""Run `python -m headwater_cli` as `headwater`."""

from . import main

main()
