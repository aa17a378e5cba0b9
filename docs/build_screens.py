"""Make the pictures of the terminal that the docs show, from real runs.

`python docs/build_screens.py` makes all, `python docs/build_screens.py compare` one. Each command
runs in a pseudo-terminal, with a home of its own and nothing set; what stands on the screen is
written to `docs/screens/NAME.svg`.

To add one, append a `Screen` to `SCREENS`: its command line, its size, and in `steps` what a person
does: waits for a text, then types. The picture is taken when the command has ended, or when the
last step's text stands there (a step whose keys are None: the command is then ended).
"""

from __future__ import annotations

import fcntl
import html
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from pathlib import Path
from typing import Final

import attrs
import pyte

FOLDER: Final = Path(__file__).parent / "screens"
TIMEOUT_S: Final = 60.0

CHAR_WIDTH: Final = 8.4
LINE_HEIGHT: Final = 17
MARGIN: Final = 14
INK, PAPER, DIM = "#d8dee9", "#1e222a", "#8a93a5"
COLOURS: Final[Mapping[str, str]] = {
    **{"default": INK, "black": "#3b4252", "red": "#ff7b85", "green": "#9ece8a"},
    **{"brown": "#ebcb8b", "blue": "#81a1c1", "magenta": "#c59bd8", "cyan": "#7fd1d8"},
    **{"white": "#e5e9f0", "brightblack": DIM, "brightred": "#ff9aa2", "brightgreen": "#b5e0a5"},
    **{"brightbrown": "#f5dca3", "brightblue": "#9fc1e6", "brightmagenta": "#dab6ea"},
    **{"brightcyan": "#a2e5ea", "brightwhite": "#ffffff"},
}
_STYLES: Final = re.compile(rb"\x1b\[([0-9;]*)m")


@attrs.frozen
class Step:
    """Wait for a text, then type.

    Attributes:
        text: What must have been shown since the step before.
        keys: What is typed then; None: the picture is taken, and the command ended.
    """

    text: str
    keys: str | None


@attrs.frozen(kw_only=True)
class Screen:
    """Describe one picture.

    Attributes:
        name: What its file is called.
        command: The command line, shown as its first line.
        columns: Width in characters.
        lines: Height in lines; empty ones at the end are left out.
        steps: What a person does.
        variables: What is set in the environment; "{url}" is the address of `model_server`.
    """

    name: str
    command: tuple[str, ...]
    columns: int = 100
    lines: int = 40
    steps: tuple[Step, ...] = ()
    variables: Mapping[str, str] = attrs.field(factory=dict)


QUESTION: Final = "I feel tired today."
PROMPT: Final = "\x1b[?2004h"  # what a terminal is told as a prompt begins
MARKDOWN: Final = """Say this in *Markdown*:

1. the **Rhine** is 1,233 km long
2. in code, that is

```python
length_m = 1_233 * 1000
```"""

SCREENS: Final = (
    Screen(
        name="chat",
        command=("headwater", "chat", "-m", "demo/echo"),
        columns=84,
        lines=34,
        steps=(
            Step(PROMPT, f"\x1b[200~{MARKDOWN}\x1b[201~\r"),
            Step(PROMPT, "/model demo/eliza\r"),
            Step(PROMPT, f"{QUESTION}\r"),
            Step(PROMPT, "/usage\r"),
            Step("in all", None),
        ),
    ),
    Screen(
        name="compare",
        command=(
            *("headwater", "compare", "-m", "demo/eliza", "-m", "demo/echo"),
            *("-m", "demo/fault-cut-after-3", QUESTION),
        ),
    ),
    Screen(
        name="doctor",
        command=("headwater", "doctor"),
        columns=110,
        lines=48,
        variables={
            "HEADWATER_LLAMACPP_BASE_URL": "{url}/v1",
            "HEADWATER_OPENAI_BASE_URL": "{url}/v1",
            "OPENAI_API_KEY": "sk-an-example-that-works-x9Zk",
            "HEADWATER_MISTRAL_BASE_URL": "{url}/refused/v1",
            "MISTRAL_API_KEY": "an-example-that-is-refused-7Qp2",
        },
    ),
)


class _ModelServer(BaseHTTPRequestHandler):
    """Answer as a provider does that is asked about itself."""

    def do_GET(self) -> None:
        """List no models, or refuse the key."""
        is_refused = self.path.startswith("/refused")
        body: object = {"error": {"message": "invalid API key"}} if is_refused else {"data": []}
        content = json.dumps(body).encode()
        self.send_response(401 if is_refused else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def model_server() -> Iterator[str]:
    """Serve on this machine what `doctor` asks a provider; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _ModelServer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shoot(screen: Screen) -> pyte.Screen:
    """Run a command, and give the screen as it stood at the end."""
    shown = pyte.Screen(screen.columns, screen.lines)
    stream = pyte.ByteStream(shown)
    typed = " ".join(f'"{word}"' if " " in word else word for word in screen.command)
    stream.feed(f"$ {typed}\r\n".encode())
    with tempfile.TemporaryDirectory() as home, model_server() as url:
        environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": home,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **{name: value.replace("{url}", url) for name, value in screen.variables.items()},
        }
        master, slave = pty.openpty()
        size = struct.pack("HHHH", screen.lines, screen.columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        process = subprocess.Popen(
            screen.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=home,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        try:
            _play(screen, master, stream)
        finally:
            process.terminate()
            process.wait(TIMEOUT_S)
            os.close(master)
    return shown


def _play(screen: Screen, master: int, stream: pyte.ByteStream) -> None:
    """Do what a person does, and show what the command writes."""
    steps = list(screen.steps)
    seen = b""
    end = time.monotonic() + TIMEOUT_S
    while chunk := _read(master, end - time.monotonic()):
        stream.feed(_STYLES.sub(_faint_as_grey, chunk))
        seen += chunk
        if steps and steps[0].text.encode() in seen:
            step, seen = steps.pop(0), b""
            if step.keys is None:
                return
            os.write(master, step.keys.encode())
    if steps:
        raise TimeoutError(f"{screen.name}: never showed {steps[0].text!r}")


def _read(master: int, timeout_s: float) -> bytes:
    ready, _, _ = select.select([master], [], [], max(0.0, timeout_s))
    if not ready:
        raise TimeoutError("the command neither wrote nor ended")
    with suppress(OSError):  # Linux says EIO once the other side is closed
        return os.read(master, 65536)
    return b""


def _faint_as_grey(match: re.Match[bytes]) -> bytes:
    """Replace the style "faint", which pyte does not know, by grey."""
    codes = match[1].split(b";")
    is_plain = b"38" not in codes and b"48" not in codes  # there a 2 begins a colour
    return b"\x1b[%sm" % b";".join(b"90" if c == b"2" and is_plain else c for c in codes)


def as_svg(screen: pyte.Screen) -> str:
    """Draw a screen."""
    rows = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
    while rows and not "".join(char.data for char in rows[-1]).strip():
        rows.pop()
    width = screen.columns * CHAR_WIDTH + 2 * MARGIN
    height = len(rows) * LINE_HEIGHT + 2 * MARGIN
    drawn = [piece for y, row in enumerate(rows) for piece in _row(y, row)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" '
            'font-size="14" xml:space="preserve">',
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _row(y: int, row: list[pyte.screens.Char]) -> Iterator[str]:
    """Draw one line, as pieces of one style; blanks that show nothing are left out."""
    x = 0
    for style, run in groupby(row, key=lambda char: char._replace(data="")):
        text = "".join(char.data for char in run)
        width = len(text)
        colours = [_colour(style.fg, INK), _colour(style.bg, PAPER)]
        ink, paper = reversed(colours) if style.reverse else colours
        left, top = MARGIN + x * CHAR_WIDTH, MARGIN + y * LINE_HEIGHT
        if paper != PAPER:
            yield (
                f'<rect x="{left:g}" y="{top:g}" width="{width * CHAR_WIDTH:g}" '
                f'height="{LINE_HEIGHT}" fill="{paper}"/>'
            )
        if text.strip():
            weight = ' font-weight="bold"' if style.bold else ""
            slant = ' font-style="italic"' if style.italics else ""
            yield (
                f'<text x="{left:g}" y="{top + 13:g}" textLength="{width * CHAR_WIDTH:g}" '
                f'fill="{ink}"{weight}{slant}>{html.escape(text)}</text>'
            )
        x += width


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return COLOURS.get(name, f"#{name}")


def main(names: list[str], folder: Path = FOLDER) -> None:
    """Make the pictures of those names, or all."""
    unknown = set(names) - {screen.name for screen in SCREENS}
    if unknown:
        sys.exit(f"no such screen: {', '.join(sorted(unknown))}")
    folder.mkdir(parents=True, exist_ok=True)
    for screen in SCREENS:
        if not names or screen.name in names:
            (folder / f"{screen.name}.svg").write_text(as_svg(shoot(screen)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
