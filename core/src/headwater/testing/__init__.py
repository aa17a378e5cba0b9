"""What tests of a plugin or of an application need; the extra `headwater[testing]`.

Each name is imported from its module when it is first used, so that a script that wants the fault
server alone does not pay for hypothesis and pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the same names again, for type checkers and editors
    from ..wire.record import Record
    from ..wire.recording import Recording
    from .assertions import assert_stream
    from .conformance import Feature, ProviderConformance
    from .fake import FakeProvider
    from .fault_server import Drip, End, FaultServer, Raw, Repeat, Reset, Stall, Wait, cut, respond
    from .replay import Exchange, Pause, ReplayTransport, Reply

__all__ = [
    "Drip",
    "End",
    "Exchange",
    "FakeProvider",
    "FaultServer",
    "Feature",
    "Pause",
    "ProviderConformance",
    "Raw",
    "Record",
    "Recording",
    "Repeat",
    "ReplayTransport",
    "Reply",
    "Reset",
    "Stall",
    "Wait",
    "assert_stream",
    "cut",
    "respond",
]

# Where each name is; a module lists its own here when it comes.
_MODULES: dict[str, str] = {
    "Drip": "fault_server",
    "End": "fault_server",
    "Exchange": "replay",
    "FakeProvider": "fake",
    "FaultServer": "fault_server",
    "Feature": "conformance",
    "Pause": "replay",
    "ProviderConformance": "conformance",
    "Raw": "fault_server",
    "Record": ".wire.record",  # where the runner can reach them, one level up
    "Recording": ".wire.recording",
    "Repeat": "fault_server",
    "ReplayTransport": "replay",
    "Reply": "replay",
    "Reset": "fault_server",
    "Stall": "fault_server",
    "Wait": "fault_server",
    "assert_stream": "assertions",
    "cut": "fault_server",
    "respond": "fault_server",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
