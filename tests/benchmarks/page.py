"""x."""


def write_page() -> None: ...
