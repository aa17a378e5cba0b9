"""The conformance kit: what a plugin promises, checked without a key and without a network.

Inherit `ProviderConformance` in a test, or run `verify` for a report. Each check stands on its own:
it has a name, its promise in words, and says what it saw in place of it, with the bytes that show
it. What a provider lacks it declares by `Feature`; a skipped check is a statement, no accident.
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ModuleNotFoundError(
        'the conformance kit needs hypothesis: pip install "headwater[testing]"', name="hypothesis"
    )

from ..samples import Expected, ExpectedCall, ExpectedError, Sample, read_samples
from ._discovering import discovered
from ._features import Feature
from ._promises import BrokenPromise, Check, CheckResult, Outcome, Skipped
from ._provider import ProviderConformance, checks, verify
from ._subject import Subject

__all__ = [
    "BrokenPromise",
    "Check",
    "CheckResult",
    "Expected",
    "ExpectedCall",
    "ExpectedError",
    "Feature",
    "Outcome",
    "ProviderConformance",
    "Sample",
    "Skipped",
    "Subject",
    "checks",
    "discovered",
    "read_samples",
    "verify",
]
