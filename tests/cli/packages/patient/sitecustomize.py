"""Let the command wait for as long as it takes for what it would show a little later otherwise."""

from headwater_cli._interactive import _talk

_talk.LIMIT_WAIT_S = 30  # type: ignore[misc]  # on a busy machine half a second is none
