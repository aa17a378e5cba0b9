"""Finding providers: through real entry points, each broken one beside good ones."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headwater import (
    ConfigurationError,
    DuplicateProvider,
    HeadwaterError,
    PluginError,
    PluginLoadError,
    ProviderInfo,
    Runner,
    Secret,
    UnknownProvider,
    hookimpl,
)
from headwater.discovery import KeySource, Registry, key_variables

GOOD = """
from headwater import Finished, FinishReason, TextDelta, hookimpl

class Provider:
    def __init__(self, api_key=None, base_url=None):
        self.api_key, self.base_url = api_key, base_url

    @hookimpl
    async def stream_chat(self, request, transport):
        yield TextDelta(f"{self.api_key} {self.base_url}")
        yield Finished(FinishReason.STOP)

INSTANCE = Provider
"""

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.2\n"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install small distributions into a folder that Python imports from."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)

    def make(name: str, source: str, value: str = "Provider", *, distribution: str = "") -> None:
        distribution = distribution or f"plugin-{name}"
        module = distribution.replace("-", "_")
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA.format(distribution))
        (info / "entry_points.txt").write_text(f"[headwater]\n{name} = {module}:{value}\n")
        (tmp_path / f"{module}.py").write_text(source)
        importlib.invalidate_caches()

    yield make
    for module in set(sys.modules) - known:
        if module.startswith("plugin_"):
            del sys.modules[module]


async def text_of(model: str) -> str:
    """Ask an installed provider."""
    async with Runner() as runner:
        return (await runner.chat(model, "Hi")).text


async def test_an_installed_provider_answers(install: Install) -> None:
    """A name is enough: the provider is found through its entry point."""
    install("newt", GOOD)
    assert await text_of("newt/m") == "None None"


async def test_the_environment_sets_key_and_address(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEADWATER_<NAME>_… reach the provider by whatever name it was installed."""
    install("my-newt.2", GOOD, distribution="plugin-newt")
    monkeypatch.setenv("HEADWATER_MY_NEWT_2_API_KEY", " k ")
    monkeypatch.setenv("HEADWATER_MY_NEWT_2_BASE_URL", "http://h")
    assert await text_of("my-newt.2/m") == "k http://h"


def test_a_plugin_is_not_imported_before_its_name_is_used(install: Install) -> None:
    """Listing the names reads metadata alone."""
    install("newt", GOOD)
    assert "newt" in Registry().names()
    assert "plugin_newt" not in sys.modules


BROKEN = {
    "import": ("import no_such_module", "Provider", "ModuleNotFoundError: No module named"),
    "syntax": ("def", "Provider", "SyntaxError"),
    "exit": ("raise SystemExit(3)", "Provider", "SystemExit: 3"),
    "attribute": ("", "Provider", "AttributeError"),
    "constructor": ("def Provider(api_key): ...", "Provider", "TypeError"),
    "class": (f"{GOOD}\ndef make(): return Provider", "make", "is a class"),
    "hooks": ("class Provider: pass", "Provider", "neither stream_chat nor chat"),
    "nothing": ("def make(): return None", "make", "neither stream_chat nor chat"),
    "misspelt": (
        f"{GOOD}\nclass Other(Provider):\n    @hookimpl\n    def stream_chats(self): ...",
        "Other",
        "has a hook that does not fit.*unknown hook 'stream_chats'",
    ),
    "signature": (
        f"{GOOD}\nclass Other(Provider):\n    @hookimpl\n    def chat(self, prompt): ...",
        "Other",
        "has a hook that does not fit.*prompt",
    ),
    "info": (f"{GOOD}\nclass Other(Provider):\n    info = 'me'", "Other", "ProviderInfo, got str"),
}


@pytest.mark.parametrize(("source", "value", "what"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_plugin_breaks_itself_alone(
    install: Install, source: str, value: str, what: str
) -> None:
    """It is raised for its own name, with the distribution and the cause; the others go on."""
    install("broken", source, value)
    install("newt", GOOD)
    with pytest.raises(PluginLoadError, match=rf"(?s)'broken' of plugin-broken 1\.2.*{what}"):
        await text_of("broken/m")
    assert await text_of("newt/m") == "None None"


def test_the_status_of_a_broken_plugin_is_listed(install: Install) -> None:
    """Each plugin is listed with how it stands, the broken ones with their error."""
    for number, (source, value, _) in enumerate(BROKEN.values()):
        install(f"broken-{number}", source, value)
    install("newt", GOOD)
    statuses = {status.name: status for status in Runner().plugins()}
    assert (statuses["newt"].error, statuses["newt"].hooks) == (None, ("stream_chat",))
    assert statuses["newt"].distributions == ("plugin-newt 1.2",)
    for number in range(len(BROKEN)):
        assert isinstance(statuses[f"broken-{number}"].error, PluginLoadError)


async def test_what_has_failed_is_not_imported_again(install: Install, tmp_path: Path) -> None:
    """The failure is kept, and raised for each call as its own error."""
    count = tmp_path / "count"
    install("broken", f"with open({str(count)!r}, 'a') as f: f.write('x')\nimport no_such_module")
    errors = []
    async with Runner() as runner:
        for _ in range(3):
            with pytest.raises(PluginLoadError) as caught:
                await runner.chat("broken/m", "Hi")
            errors.append(caught.value)
    assert count.read_text() == "x"
    assert len({id(error) for error in errors}) == 3
    assert all(isinstance(error.__cause__, ModuleNotFoundError) for error in errors)


def test_a_strict_runner_refuses_a_broken_plugin_at_once(install: Install) -> None:
    """What else is found out when a name is used is raised as the runner is made."""
    install("newt", GOOD)
    Runner(is_strict=True)
    install("broken", "import no_such_module")
    with pytest.raises(PluginLoadError, match="broken"):
        Runner(is_strict=True)


async def test_a_name_that_two_distributions_claim_is_refused(install: Install) -> None:
    """Neither wins, both are named, and the others go on."""
    install("newt", GOOD, distribution="plugin-one")
    install("newt", GOOD, distribution="plugin-two")
    install("other", GOOD)
    with pytest.raises(DuplicateProvider, match=r"plugin-one 1\.2 and plugin-two 1\.2"):
        await text_of("newt/m")
    assert await text_of("other/m") == "None None"


async def test_an_instance_hides_an_entry_point(install: Install) -> None:
    """A provider object of the application's own stands before an installed one."""
    install("newt", "raise ValueError")

    class Mine:
        info = ProviderInfo("Mine")

        @hookimpl
        async def chat(self, request: object, transport: object) -> None: ...

    status = next(s for s in Runner(providers={"newt": Mine()}).plugins() if s.name == "newt")
    assert (status.error, status.distributions, status.hooks) == (None, (), ("chat",))


async def test_a_key_in_the_environment_that_cannot_be_used_is_a_setting(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a provider says of its key as it is made is no fault of the plugin."""
    source = "from headwater import Secret\ndef Provider(api_key=None): Secret(api_key)"
    install("newt", source)
    monkeypatch.setenv("HEADWATER_NEWT_API_KEY", "a b")
    with pytest.raises(ConfigurationError, match="the key holds"):
        await text_of("newt/m")


KEYED = GOOD.replace(
    "class Provider:",
    "from headwater import ProviderInfo\n\nclass Provider:\n"
    "    info = ProviderInfo('Newt', key_variables=('NEWT_KEY', 'NEWT_TOKEN'))",
)


async def told_with(keys: KeySource, model: str = "newt/m") -> str:
    """Ask an installed provider, which says what key and address it was made with."""
    async with Runner(keys=keys) as runner:
        return (await runner.chat(model, "Hi")).text


async def test_a_key_source_is_asked_once_by_the_name_of_the_provider(install: Install) -> None:
    """What the environment does not have, the application's own source gives, at first use."""
    install("newt", KEYED)
    asked: list[str] = []

    def keys(name: str) -> Secret:
        asked.append(name)
        return Secret("k-1")

    async with Runner(keys=keys) as runner:
        assert asked == []
        for _ in range(2):
            assert (await runner.chat("newt/m", "Hi")).text == "Secret('***') None"
    assert asked == ["newt"]


async def test_a_key_source_leaves_the_address_as_it_is_set(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of the environment and the key of the source go together."""
    install("newt", KEYED)
    monkeypatch.setenv("HEADWATER_NEWT_BASE_URL", "http://h")
    assert await told_with(lambda name: f"key of {name}") == "key of newt http://h"


@pytest.mark.parametrize("variable", ["HEADWATER_NEWT_API_KEY", "NEWT_KEY", "NEWT_TOKEN"])
async def test_the_environment_wins_over_a_key_source(
    install: Install, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Any of the variables of a provider is enough for the source not to be asked."""
    install("newt", KEYED)
    monkeypatch.setenv(variable, "from the environment")
    assert "source" not in await told_with(lambda name: "from the source")


async def test_an_object_that_was_given_is_not_asked_about(install: Install) -> None:
    """What an application passes itself wins over everything, its source of keys too."""
    install("newt", KEYED)
    asked: list[str] = []
    given = importlib.import_module("plugin_newt").Provider("mine")
    async with Runner(providers={"newt": given}, keys=asked.append) as runner:
        assert (await runner.chat("newt/m", "Hi")).text == "mine None"
    assert asked == []


@pytest.mark.parametrize("source", [GOOD, KEYED.replace("ProviderInfo('Newt'", "dict(title=''")])
def test_who_has_no_variable_for_a_key_is_given_none(install: Install, source: str) -> None:
    """A provider without a key, or without a proper word on itself, is not asked about."""
    install("newt", source)
    asked: list[str] = []
    Runner(keys=asked.append).plugins()
    assert "newt" not in asked


async def test_a_key_source_that_has_no_key_changes_nothing(install: Install) -> None:
    """The provider is made as it would be without a source."""
    install("newt", KEYED)
    assert await told_with(lambda name: None) == "None None"


async def test_what_a_key_source_raises_is_raised_for_that_provider(install: Install) -> None:
    """A vault that is locked is told to who asks, and asked again the next time."""
    install("newt", KEYED)
    answers = iter([None, "k-2"])

    def keys(name: str) -> str:
        if (answer := next(answers)) is None:
            raise ConfigurationError("the vault is locked")
        return answer

    async with Runner(keys=keys) as runner:
        with pytest.raises(ConfigurationError, match="locked"):
            await runner.chat("newt/m", "Hi")
        assert (await runner.chat("newt/m", "Hi")).text == "k-2 None"


def test_the_variables_of_a_key_are_listed_in_their_order() -> None:
    """The framework's own variable comes first, and once; who takes no key has none."""
    own = ProviderInfo("x", key_variables=("HEADWATER_A_B_API_KEY", "A_KEY"))
    assert key_variables("a-b", own) == ("HEADWATER_A_B_API_KEY", "A_KEY")
    assert key_variables("c", own)[0] == "HEADWATER_C_API_KEY"
    assert key_variables("a-b", ProviderInfo("x")) == ()


def test_a_provider_holds_the_object_that_answers(install: Install) -> None:
    """Who wants to know whose code runs finds the object."""
    install("newt", GOOD)
    assert type(Registry().get("newt").plugin).__module__ == "plugin_newt"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("newtt", "Did you mean newt"),
        ("NEWT", "Did you mean newt"),
        ("groq", r"\. For groq: pip install headwater-chat-completions"),
        ("zzz", "installed: .*newt"),
    ],
)
async def test_an_unknown_provider_is_told_what_there_is(
    install: Install, name: str, told: str
) -> None:
    """The error lists what is installed, near matches, and what to install."""
    install("newt", GOOD)
    registry = Registry()
    registry._entry_points = {"newt": registry._found()["newt"]}  # whatever else is installed here
    with pytest.raises(UnknownProvider, match=told) as caught:
        registry.get(name)
    assert str(caught.value).startswith(f"no plugin provides {name!r}; installed: newt")


def test_without_any_plugin_the_error_says_so() -> None:
    """Nothing installed is said to be nothing."""
    registry = Registry()
    registry._entry_points = {}
    with pytest.raises(UnknownProvider, match="installed: none"):
        registry.get("zzz")


async def test_a_call_raises_about_its_provider_at_the_first_event() -> None:
    """To make a stream is no time to look for its provider."""
    async with Runner() as runner:
        stream = runner.stream_chat("no-such-provider/m", "Hi")
        with pytest.raises(UnknownProvider) as caught:
            await anext(stream)
    error: HeadwaterError = caught.value
    assert (error.provider, error.model) == ("no-such-provider", "no-such-provider/m")
    assert isinstance(error, PluginError)


def test_a_distribution_without_a_name_can_be_named(install: Install, tmp_path: Path) -> None:
    """Metadata that is missing does not keep a plugin from being listed."""
    install("newt", GOOD)
    (tmp_path / "plugin_newt-1.2.dist-info" / "METADATA").unlink()
    importlib.invalidate_caches()
    assert "newt" in [status.name for status in Runner().plugins()]


def test_a_distribution_that_raises_for_its_name_can_be_named(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does the backport of importlib.metadata, where something has imported it."""
    install("newt", GOOD)

    def missing(_distribution: object) -> None:
        raise FileNotFoundError

    (point,) = Registry()._found()["newt"]
    monkeypatch.setattr(type(point.dist), "metadata", property(missing))
    (status,) = [status for status in Runner().plugins() if status.name == "newt"]
    assert status.distributions == ("plugin_newt:Provider",)
