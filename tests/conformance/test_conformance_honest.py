"""An honest provider with a wire of its own keeps every promise."""

from __future__ import annotations

from headwater.testing.conformance import Feature, ProviderConformance

from .brook import BROOK
from .honest import Honest


class TestHonest(ProviderConformance):
    """The brook."""

    provider = staticmethod(lambda: Honest(ProviderConformance.key))
    model = "brook/small"
    dialect = BROOK
    unsupported = (Feature.DOCUMENTS, Feature.AUDIO, Feature.VIDEO)
