"""A real llama.cpp server for the tests of the whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

_SERVER = Path(__file__).with_name("tiny_llama.py")
_NEEDED = ("gguf", "numpy", "xllamacpp")


@pytest.fixture(scope="session")
def llamacpp_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a tiny model with llama.cpp, in a process of its own; gives the base URL."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"no llama.cpp server here: {', '.join(missing)} cannot be imported")
    folder = tmp_path_factory.mktemp("llamacpp")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, str(_SERVER), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdin is not None
    assert server.stdout is not None
    with server:
        try:
            url = next((line.strip() for line in server.stdout if line.startswith("http")), None)
            if url is None:
                pytest.fail(f"the llama.cpp server did not start:\n{(folder / 'log').read_text()}")
            yield url
        finally:
            server.stdin.close()
            try:
                server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()
