"""Where ids, keys and opaque contents come from: a seeded generator."""

import random
import string

_SMALL = string.ascii_lowercase + string.digits
_MIXED = string.ascii_letters + string.digits


class Ids:
    """Draws every id. The same seed draws the same ids in the same order."""

    def __init__(self, draw: random.Random, shape: str) -> None:
        self._draw = draw
        self._as_in_examples = shape == "as-in-examples"

    def request_id(self) -> str:
        """An upper-case UUID as in the examples of the page, or 32 small hex digits."""
        digits = f"{self._draw.getrandbits(128):032X}"
        if not self._as_in_examples:
            return digits.lower()
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
            f"{digits[16:20]}-{digits[20:]}"
        )

    def task_id(self) -> str:
        """`t-` and 17 characters, or digits only."""
        if self._as_in_examples:
            return "t-" + self._letters()
        return str(self._draw.getrandbits(63) + 10**18)

    def instance_id(self) -> str:
        """`i-` and 17 characters."""
        return "i-" + self._letters()

    def event_id(self) -> str:
        """`e-` and 17 characters."""
        return "e-" + self._letters()

    def host(self) -> str:
        """The name of a physical server; an opaque string."""
        return "server-" + self._letters()

    def data(self) -> str:
        """What a disk holds; an opaque string."""
        return "content-" + self._letters()

    def account_id(self) -> str:
        """16 digits."""
        return str(10**15 + self._draw.randrange(9 * 10**15))

    def access_key_id(self) -> str:
        """24 characters."""
        return "TEST" + "".join(self._draw.choices(_MIXED, k=20))

    def access_key_secret(self) -> str:
        """30 characters."""
        return "".join(self._draw.choices(_MIXED, k=30))

    def _letters(self) -> str:
        return "bp" + "".join(self._draw.choices(_SMALL, k=15))
