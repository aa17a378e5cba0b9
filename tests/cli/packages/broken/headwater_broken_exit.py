"""A plugin that exits as it is imported."""

raise SystemExit("no such luck")
