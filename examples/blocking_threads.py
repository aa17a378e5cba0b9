"""Ask many things at once, each from a thread of its own, through one runner."""

import sys
from concurrent.futures import ThreadPoolExecutor

from headwater.blocking import Runner

RIVERS = ("Danube", "Nile", "Amazon", "Mekong", "Volga", "Yukon")


def main(model: str) -> None:
    """Print the answers in the order of the questions."""
    with Runner() as runner, ThreadPoolExecutor() as pool:

        def ask(river: str) -> str:
            return runner.stream_chat(model, f"Where does the {river} end?").collect().text

        for river, answer in zip(RIVERS, pool.map(ask, RIVERS), strict=True):
            print(f"{river}: {answer}")


main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo")
