"""Finding the provider that a name stands for, and keeping it apart from the broken ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import pluggy

from .errors import (
    ConfigurationError,
    DuplicateProvider,
    HeadwaterError,
    PluginLoadError,
    UnknownProvider,
)
from .hookspecs import PROJECT, Hooks, ProviderInfo, direct
from .limits import Limits
from .requests import ModelId
from .retry_budget import RetryBudget
from .secret import Secret

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["KeySource", "PluginStatus", "Provider", "Registry", "key_variables"]

GROUP: Final = "headwater"

KeySource: TypeAlias = Callable[[str], Secret | str | None]
"""Gives the key of the provider of that name; None: it has none."""

# Distributions to name when a provider is asked for that is not installed; names only, the facts
# about each stand in its own package.
_KNOWN_DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "demo": "headwater-demo",
    "openai": "headwater-openai",
    "anthropic": "headwater-anthropic",
    "google": "headwater-google",
    "xai": "headwater-xai",
    "ollama": "headwater-ollama",
    **dict.fromkeys(
        ("compatible", "fireworks", "llamacpp", "vllm", "lmstudio", "groq", "mistral", "deepseek"),
        "headwater-chat-completions",
    ),
    **dict.fromkeys(
        ("openrouter", "together", "perplexity", "cerebras", "azure", "huggingface", "zai"),
        "headwater-chat-completions",
    ),
}


@attrs.frozen
class PluginStatus:
    """Say how one name stands, for people.

    Attributes:
        name: The provider's name.
        distributions: The packages that claim it, with their versions; empty for an instance.
        info: What the plugin says of itself; None where it could not be loaded.
        hooks: The hooks that it implements.
        error: Why it cannot be used, None where it can.
    """

    name: str
    distributions: tuple[str, ...] = ()
    info: ProviderInfo | None = None
    hooks: tuple[str, ...] = ()
    error: HeadwaterError | None = None


@attrs.frozen(eq=False)
class Provider:
    """Hold a provider that was found and checked.

    Attributes:
        name: The name that it is used by.
        info: What it says of itself.
        distribution: The package that it comes from, or the class of an instance.
        hooks: Calls its hooks, and nobody else's, each by the name of the hook.
        plugin: The provider object itself.
        implemented: The names of the hooks that it implements.
        retry_budget: How many retries the calls to it have left, whatever runner makes them, and by
            whatever name.
    """

    name: str
    info: ProviderInfo
    distribution: str
    hooks: SimpleNamespace
    plugin: object
    implemented: frozenset[str]
    retry_budget: RetryBudget

    def implements(self, hook: str) -> bool:
        """Tell whether the plugin has an implementation of a hook."""
        return hook in self.implemented


class Registry:
    """Find providers by name: the instances given, then the entry points of the group "headwater".

    Discovery reads metadata. A plugin is imported when its name is first used, and gets a
    `PluginManager` of its own, kept: with one for all, `firstresult` would give every call to the
    plugin registered last, as an async generator is never None.

    Args:
        instances: Provider objects by name; such a name hides an entry point.
        keys: Is asked for the key of an entry point's provider that has variables for one, of which
            none is set.
    """

    def __init__(
        self, instances: Mapping[str, object] | None = None, keys: KeySource | None = None
    ) -> None:
        self._instances = dict(instances or {})
        self._keys = keys
        self._providers: dict[str, Provider] = {}
        self._failures: dict[str, PluginLoadError] = {}
        self._entry_points: dict[str, list[EntryPoint]] | None = None

    def add(self, name: str, provider: object) -> None:
        """Add a provider object by name, in place of what the name stood for."""
        self._instances[name] = provider
        self._providers.pop(name, None)
        self._failures.pop(name, None)

    def names(self) -> list[str]:
        """List the names that can be asked for; imports nothing."""
        return sorted({*self._instances, *self._found()})

    def get(self, name: str) -> Provider:
        """Find a provider, importing its plugin if this is its first use.

        Raises:
            UnknownProvider: Nothing provides the name.
            DuplicateProvider: Two distributions claim it.
            PluginLoadError: Its plugin cannot be imported, made or registered.
            ConfigurationError: The environment holds a key or address for it that cannot be used.
        """
        return self._providers.get(name) or self._first(name)

    def _first(self, name: str) -> Provider:
        """Load a provider that was not used yet; what has failed once is not imported again."""
        if name in self._failures:
            failure = self._failures[name]
            raise PluginLoadError(failure.message) from failure.__cause__
        try:
            provider = self._providers[name] = self._load(name)
        except PluginLoadError as error:
            self._failures[name] = error
            raise
        return provider

    def limits_of(self, model: ModelId) -> Limits:
        """Look up what the provider of a model declares; see `get` for what this raises."""
        return self.get(model.provider).info.limits

    def retry_budget_of(self, model: ModelId) -> RetryBudget:
        """Look up the budget of the provider of a model; see `get` for what this raises."""
        return self.get(model.provider).retry_budget

    def statuses(self) -> list[PluginStatus]:
        """Load each plugin on its own and say how it stands."""
        return [self._status(name) for name in self.names()]

    def _status(self, name: str) -> PluginStatus:
        points = [] if name in self._instances else self._found()[name]
        distributions = tuple(_distribution(point) for point in points)
        try:
            provider = self.get(name)
        except HeadwaterError as error:
            return PluginStatus(name, distributions, error=error)
        hooks = tuple(hook for hook in _HOOK_NAMES if provider.implements(hook))
        return PluginStatus(name, distributions, provider.info, hooks)

    def _found(self) -> dict[str, list[EntryPoint]]:
        if self._entry_points is None:
            from importlib.metadata import (
                entry_points,
            )  # imports a dozen modules that archives need

            self._entry_points = {}
            for point in entry_points(group=GROUP):
                self._entry_points.setdefault(point.name, []).append(point)
        return self._entry_points

    def _load(self, name: str) -> Provider:
        if name in self._instances:
            plugin = self._instances[name]
            return _checked(name, plugin, f"the object {type(plugin).__name__}")
        points = self._found().get(name, [])
        if not points:
            raise self._unknown(name)
        if len(points) > 1:
            claimants = " and ".join(sorted(_distribution(point) for point in points))
            raise DuplicateProvider(
                f"the provider name {name!r} is claimed by {claimants}; uninstall one of them"
            )
        distribution = _distribution(points[0])
        settings = _settings_from_environment(name)
        plugin = _made(points[0], distribution, settings)
        key = None if self._keys is None else _key_of(name, plugin, self._keys)
        if key is not None:  # to make a provider object costs nothing, and opens nothing
            plugin = _made(points[0], distribution, {**settings, "api_key": key})
        return _checked(name, plugin, distribution)

    def _unknown(self, name: str) -> UnknownProvider:
        installed = self.names()
        said = f"no plugin provides {name!r}; installed: {', '.join(installed) or 'none'}"
        hints: list[str] = []
        known = sorted({*installed, *_KNOWN_DISTRIBUTIONS})
        import difflib  # seldom needed

        near = difflib.get_close_matches(name.lower(), known, n=3)
        if near and name not in near:
            hints.append(f"Did you mean {' or '.join(near)}?")
        missing = [match for match in (name, *near) if match in _KNOWN_DISTRIBUTIONS]
        if missing and missing[0] not in installed:
            hints.append(f"For {missing[0]}: pip install {_KNOWN_DISTRIBUTIONS[missing[0]]}")
        return UnknownProvider(f"{said}. {' '.join(hints)}" if hints else said)


_HOOK_NAMES: Final = tuple(name for name in vars(Hooks) if not name.startswith("_"))


def _distribution(point: EntryPoint) -> str:
    """Name the package that an entry point comes from, as far as its metadata is there to tell."""
    try:
        metadata = None if point.dist is None else point.dist.metadata
    except FileNotFoundError:  # what the backport of importlib.metadata raises, once it is imported
        metadata = None
    if metadata is None or "Name" not in metadata:
        return point.value
    return f"{metadata['Name']} {metadata['Version']}"


def _made(point: EntryPoint, distribution: str, settings: Mapping[str, str | Secret]) -> object:
    """Import a plugin and make its provider object."""
    try:
        factory: Callable[..., object] = point.load()
        return factory(**settings)
    except ConfigurationError:
        raise
    except (Exception, SystemExit) as error:  # a module that exits must not take us with it
        raise PluginLoadError(
            f"the plugin {point.name!r} of {distribution} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error


def key_variables(name: str, info: ProviderInfo) -> tuple[str, ...]:
    """List the environment variables that a provider's key is looked for in, in order.

    Args:
        name: The name that it is used by.
        info: What it says of itself.

    Returns:
        The framework's own variable, then those of the provider; none where it takes no key.
    """
    if not info.key_variables:
        return ()
    return tuple(dict.fromkeys((_prefix(name) + "API_KEY", *info.key_variables)))


def _key_of(name: str, plugin: object, keys: KeySource) -> Secret | str | None:
    """Ask for the key of a provider that takes one, and finds none in the environment."""
    info = getattr(plugin, "info", None)
    variables = key_variables(name, info) if isinstance(info, ProviderInfo) else ()
    if not variables or any(os.environ.get(variable, "").strip() for variable in variables):
        return None
    return keys(name)


def _settings_from_environment(name: str) -> dict[str, str]:
    """Read HEADWATER_<NAME>_API_KEY and …_BASE_URL, which win over what a plugin finds itself."""
    settings = ("api_key", "base_url")
    found = {
        setting: os.environ.get(_prefix(name) + setting.upper(), "").strip() for setting in settings
    }
    return {setting: value for setting, value in found.items() if value}


def _prefix(name: str) -> str:
    return f"HEADWATER_{name.upper().replace('-', '_').replace('.', '_')}_"


def _checked(name: str, plugin: object, distribution: str) -> Provider:
    """Register a provider object with a manager of its own, and refuse one that is malformed."""
    where = f"the plugin {name!r} of {distribution}"
    if isinstance(plugin, type):
        raise PluginLoadError(f"{where} is a class; expected an object made from it")
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginLoadError(f"{where} has a hook that does not fit: {error}") from error
    info = getattr(plugin, "info", None)
    if info is None:
        info = ProviderInfo(name)
    if not isinstance(info, ProviderInfo):
        raise PluginLoadError(
            f"{where}: expected its info to be a ProviderInfo, got {type(info).__name__}"
        )
    callers: dict[str, pluggy.HookCaller] = {
        hook: getattr(manager.hook, hook) for hook in _HOOK_NAMES
    }
    hooks = SimpleNamespace(**{hook: direct(caller) for hook, caller in callers.items()})
    implemented = frozenset(hook for hook, caller in callers.items() if caller.get_hookimpls())
    provider = Provider(
        name, info, distribution, hooks, plugin, implemented, RetryBudget.of(plugin)
    )
    if not (provider.implements("stream_chat") or provider.implements("chat")):
        raise PluginLoadError(f"{where} implements neither stream_chat nor chat")
    return provider
