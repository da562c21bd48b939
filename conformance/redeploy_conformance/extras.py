"""Optional parts of the suite, and how somebody gets one who lacks it."""


def to_install(extra: str) -> str:
    """Return the end of a sentence: what installs an extra of ``pyproject.toml``.

    The suite is installed from its checkout; no index is promised to have it.
    """
    return f"in the suite's checkout, pip install -e '.[{extra}]' installs it"
