"""What families of Grok refuse, as data; a model of none of them is tried."""

from __future__ import annotations

from typing import Final

import attrs

from headwater import ChatRequest, ReasoningEffort, UnsupportedFeature

__all__ = ["check_request"]


@attrs.frozen
class _Family:
    """Describe the models of one name, and of that name with a hyphen and more behind it.

    Attributes:
        name: The name: "grok-4" stands for "grok-4-0709", not for "grok-4.3".
        efforts: The reasoning efforts that they take.
        takes_stop: Whether they take stop texts.
    """

    name: str
    efforts: frozenset[ReasoningEffort] = frozenset()
    takes_stop: bool = attrs.field(default=True, kw_only=True)

    def includes(self, model: str) -> bool:
        """Tell whether a model is one of them."""
        return model == self.name or model.startswith(f"{self.name}-")


# FORMATS 6; a longer name stands before a shorter one that it begins with.
_FAMILIES: Final = (
    _Family("grok-2"),
    _Family("grok-3-mini", frozenset({ReasoningEffort.LOW, ReasoningEffort.HIGH})),
    _Family("grok-3"),
    _Family("grok-4", takes_stop=False),
)


def check_request(request: ChatRequest) -> None:
    """Refuse what is known that the model refuses.

    Raises:
        UnsupportedFeature: The message names what, and what the model takes.
    """
    family = next((one for one in _FAMILIES if one.includes(request.model.name)), None)
    if family is None:
        return
    if request.reasoning is not None and request.reasoning not in family.efforts:
        taken = ", ".join(effort for effort in ReasoningEffort if effort in family.efforts)
        raise UnsupportedFeature(
            f'{request.model} takes no reasoning effort "{request.reasoning}"; it takes '
            f"{taken or 'none at all'}"
        )
    if request.stop and not family.takes_stop:
        raise UnsupportedFeature(f"{request.model} takes no stop texts")
