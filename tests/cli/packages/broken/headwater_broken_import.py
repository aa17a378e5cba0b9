"""A plugin whose import fails."""

raise RuntimeError("out of \x1b[31mluck")
