"""What a target offers that is no part of the control protocol: passed over, and told."""

from collections.abc import Sequence
from difflib import get_close_matches

from redeploy_reports.clean import clean
from redeploy_schemas.vocabulary import Part


def passed_over(where: str, unknown: Sequence[str]) -> str | None:
    """Return a sentence about words that mean nothing here; None where there are none.

    They end no run: a later edition of the protocol may know them.
    """
    if not unknown:
        return None
    known = [part.value for part in Part]
    told = [
        f"{clean(word, limit=40)!r}{_near(word, known)}" for word in sorted(unknown)
    ]
    return (
        f"{where} offers {', '.join(told)}, passed over since the control protocol has only "
        f"{', '.join(known)}"
    )


def _near(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word.lower(), known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
