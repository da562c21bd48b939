"""Make a text that somebody else wrote safe to print on one line of a terminal."""

import unicodedata

LIMIT = 240
"""How many characters of a text are kept unless a caller says otherwise."""

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, *, limit: int = LIMIT) -> str:
    """Return the text with nothing in it that a terminal acts on, cut to ``limit``.

    Control characters (line ends and terminal escapes among them), format characters
    (bidirectional and invisible marks), lone surrogates and unassigned code points become
    a visible ``\\x1b`` or ``\\u202e``. What is cut off is named by its length.
    """
    kept = "".join(_visible(character) for character in text[:limit])
    if len(text) <= limit:
        return kept
    return f"{kept}… ({_more(len(text) - limit)})"


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _more(number: int) -> str:
    return f"{number:,} more character{'' if number == 1 else 's'}"
