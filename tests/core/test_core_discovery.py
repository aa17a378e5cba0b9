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
    UnknownProvider,
    hookimpl,
)
from headwater.discovery import Registry

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
