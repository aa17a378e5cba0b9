"""Fuzz one target, or all in turn: `python -m tests.fuzz [NAME …]`; needs atheris.

FUZZ_SECONDS is how long each is fuzzed (20). What breaks a promise is written to
`tests/fuzz/regressions/NAME/`, where the ordinary tests replay it from then on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .seeds import REGRESSIONS, regressions, seeds
from .targets import TARGETS

SECONDS = os.environ.get("FUZZ_SECONDS", "20")


def _fuzz(name: str) -> bool:
    """Fuzz a target in a process of its own, since the fuzzer ends its process."""
    findings = REGRESSIONS / name
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        known = [path.read_bytes() for path in regressions(name)]
        for number, seed in enumerate([*seeds(name), *known]):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.fuzzer", name, corpus, SECONDS, f"{findings}/"],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if not any(findings.iterdir()):
        findings.rmdir()
    lines = done.stderr.splitlines()
    last = next((line for line in reversed(lines) if line.startswith(("#", "Done"))), "")
    print(f"{name}: {'held' if done.returncode == 0 else 'BROKE A PROMISE'}: {last}", flush=True)
    if done.returncode != 0:
        print("\n".join(line for line in lines if not line.startswith(("#", "INFO"))), flush=True)
    return done.returncode == 0


def main(names: list[str]) -> int:
    """Fuzz, and tell by the status whether all promises held."""
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        print(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
        return 2
    return int(sum(not _fuzz(name) for name in names or TARGETS) > 0)  # each has its turn


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
