"""An honest provider with a wire of its own keeps every promise, and so does one that can less."""

from __future__ import annotations

import pytest

from headwater.testing.conformance import Feature, ProviderConformance

from .brook import BROOK
from .honest import Honest
from .modest import Modest

pytestmark = pytest.mark.slow  # each promise is kept some hundred times

_FILES = (Feature.DOCUMENTS, Feature.AUDIO, Feature.VIDEO)


class TestHonest(ProviderConformance):
    """The brook."""

    provider = staticmethod(lambda: Honest(ProviderConformance.key))
    model = "brook/small"
    dialect = BROOK
    unsupported = _FILES


class TestModest(ProviderConformance):
    """The brook, with less."""

    provider = Modest(Honest(ProviderConformance.key))
    model = "brook/small"
    dialect = BROOK
    unsupported = (*_FILES, Feature.WHOLE, Feature.TOOLS, Feature.TOOL_CHOICE, Feature.SYSTEM)
