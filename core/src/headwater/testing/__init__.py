"""What tests of a plugin or of an application need; the extra `headwater[testing]`.

Each name is imported from its module when it is first used, so that a script that wants the fault
server alone does not pay for hypothesis and pytest.
"""

from __future__ import annotations

import importlib

__all__: list[str] = []

# Where each name is; a module lists its own here when it comes.
_MODULES: dict[str, str] = {}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
