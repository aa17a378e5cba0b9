"""What the tests of Anthropic share."""

from __future__ import annotations

import runpy
from pathlib import Path

# The server is that of the tests of the whole; a conftest of one folder is not seen in another.
_WHOLE = Path(__file__).parents[1] / "end_to_end" / "conftest.py"

llamacpp_url = runpy.run_path(str(_WHOLE))["llamacpp_url"]
