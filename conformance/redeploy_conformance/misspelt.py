"""What somebody may have meant who named something that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches


def near(word: str, known: Iterable[str]) -> str:
    """Return what stands behind a word that is not known: the known one that it is most like, if any."""
    alike = {one.lower(): one for one in known}
    close = get_close_matches(word.lower(), alike, n=1)
    return f" (did you mean {alike[close[0]]!r}?)" if close else ""
