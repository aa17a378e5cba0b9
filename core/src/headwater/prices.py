"""What an answer cost: the one door to genai-prices, the extra `headwater[prices]`.

The prices are those that the installed release of genai-prices carries; nothing is fetched. To have
newer prices, upgrade it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from .errors import ConfigurationError
from .requests import ModelId
from .usage import Usage

__all__ = ["cost_of", "load_prices"]


def load_prices() -> None:
    """Load the prices, which takes a fifth of a second the first time; `cost_of` does it too.

    Raises:
        ConfigurationError: The extra `headwater[prices]` is not installed.
    """
    try:
        import genai_prices  # noqa: F401  # only where cost is asked for: an extra, and heavy
    except ImportError as error:
        raise ConfigurationError(
            'to tell costs, install the prices: pip install "headwater[prices]"'
        ) from error


def cost_of(model: str | ModelId, usage: Usage, *, at: datetime | None = None) -> Decimal | None:
    """Tell what a call cost, in US dollars.

    An estimate where the usage is one, and the list price always: no discount of yours is known.

    Args:
        model: "provider/model".
        usage: What it used.
        at: When, with a time zone, since prices change; None: now.

    Returns:
        The cost; None where the model has no known price, or the input or output was not counted.
        It is 0 only where the price is.

    Raises:
        ConfigurationError: The extra `headwater[prices]` is not installed.
    """
    load_prices()
    import genai_prices

    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    name = ModelId.parse(model)
    try:
        price = genai_prices.calc_price(
            genai_prices.Usage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cached_input_tokens,
                cache_write_tokens=usage.cache_write_tokens,
            ),
            name.name,
            provider_id=name.provider,
            genai_request_timestamp=at,
        )
    except (LookupError, ValueError):  # no such model, or counts that cannot all be true
        return None
    listed = price.model_price
    if listed.input_mtok is None and listed.output_mtok is None:
        return None
    return price.total_price
