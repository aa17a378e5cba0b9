"""The class that a plugin's tests inherit, and the same checks without pytest."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

from ...requests import ModelId
from ..dialects import Dialect
from ..samples import Sample, read_samples
from . import (
    _answers,
    _cuts,
    _generated,
    _identity,
    _life,
    _live,
    _oddities,
    _refusals,
    _requests,
    _round_trips,
    _secrets,
    _server,
    _tools,
)
from ._features import Feature
from ._promises import CHECKS, Check, CheckResult
from ._subject import DEFAULT_KEY, Subject

__all__ = ["ProviderConformance", "checks", "verify"]

_IN_ORDER: Final = (
    _identity,
    _answers,
    _live,
    _cuts,
    _oddities,
    _generated,
    _refusals,
    _tools,
    _requests,
    _round_trips,
    _life,
    _secrets,
    _server,
)


def checks(*, is_offline: bool | None = None) -> tuple[Check, ...]:
    """List the checks, in the order in which a plugin's author meets their matter.

    Args:
        is_offline: Only those that open no socket, or only the others; None: all.
    """
    order = [module.__name__ for module in _IN_ORDER]
    found = sorted(CHECKS, key=lambda check: order.index(check.run.__module__))
    return tuple(check for check in found if is_offline in (None, check.is_offline))


def verify(subject: Subject, names: Collection[str] | None = None) -> Iterator[CheckResult]:
    """Find out which promises a provider keeps, one after the other, without pytest.

    Args:
        subject: The provider.
        names: The checks to run; None: all that open no socket.
    """
    for check in checks(is_offline=True) if names is None else checks():
        if names is None or check.name in names:
            yield check.result(subject)


class ProviderConformance:
    """Inherit it in a test, give the provider, and get a test for each promise of a plugin.

    Shapes:
        class TestAcme(ProviderConformance):
            provider = Acme(api_key=ProviderConformance.key)
            model = "acme/small"
            samples = Path(__file__).parent / "samples"
            unsupported = {Feature.AUDIO, Feature.VIDEO}

    Attributes:
        key: The key to give the provider object; it is looked for where it must not be.
        provider: The provider object, or a function that makes one, such as the class itself where
            it needs no argument. Override `make_provider` for more.
        model: The model id to ask.
        samples: The folder of the sample payloads, or the samples themselves.
        dialect: How the provider's wire is written, where it is one that is known here: payloads
            are then made up, and `samples` may be left out.
        unsupported: What the provider lacks. What is not named here must work.
        max_examples: How many payloads and slicings a generating check tries.
    """

    key: ClassVar[str] = DEFAULT_KEY
    provider: ClassVar[object] = None
    model: ClassVar[str | ModelId] = ""
    samples: ClassVar[str | Path | Sequence[Sample]] = ()
    dialect: ClassVar[Dialect | None] = None
    unsupported: ClassVar[Iterable[Feature]] = frozenset()
    max_examples: ClassVar[int] = 20

    def make_provider(self) -> object:
        """Make the provider object; one is made for each call that a check makes."""
        given = inspect.getattr_static(type(self), "provider")
        is_maker = isinstance(given, type | staticmethod) or inspect.isfunction(given)
        if isinstance(given, staticmethod):
            given = given.__func__
        return given() if is_maker else given

    def subject(self) -> Subject:
        """Put together what the checks look at."""
        samples = self.samples
        given = read_samples(samples) if isinstance(samples, str | Path) else tuple(samples)
        made = () if self.dialect is None else self.dialect.samples()
        return Subject(
            make=self.make_provider,
            model=ModelId.parse(self.model),
            samples=(*given, *made),
            unsupported=frozenset(self.unsupported),
            dialect=self.dialect,
            key=self.key,
            max_examples=self.max_examples,
        )


def _test(check: Check) -> Callable[[ProviderConformance], None]:
    def test(self: ProviderConformance) -> None:
        check(self.subject())

    test.__name__ = f"test_{check.name}"
    test.__qualname__ = f"{ProviderConformance.__qualname__}.{test.__name__}"
    test.__doc__ = check.promise
    return test


for _check in checks():
    setattr(ProviderConformance, f"test_{_check.name}", _test(_check))
