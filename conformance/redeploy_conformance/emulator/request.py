"""A request of the RPC protocol, taken apart."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from redeploy_conformance.wire.http import HttpRequest

V3: Final = "ACS3-HMAC-SHA256"
Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class Call:
    """A call as it came in. `params` holds the first value of every parameter of query
    and form; `repeated` the names that came more than once. Header names are lower
    case. `scheme` is the way it is signed."""

    method: str
    path: str
    query: Pairs
    pairs: Pairs
    params: dict[str, str]
    repeated: frozenset[str]
    headers: dict[str, str]
    body: bytes
    scheme: str

    @property
    def action(self) -> str:
        """The operation that is called; empty if the call names none."""
        return self._named("x-acs-action", "Action")

    @property
    def version(self) -> str:
        """The version of the API; empty if the call names none."""
        return self._named("x-acs-version", "Version")

    @property
    def wants_json(self) -> bool:
        """JSON when asked for; by default XML for V1, and JSON for V3."""
        asked = self.params.get("Format")
        if asked:
            return asked.upper() != "XML"
        if self.scheme != "v3":
            return False
        accept = self.headers.get("accept", "")
        return "xml" not in accept or "json" in accept

    @property
    def host(self) -> str:
        """The host the client called, with the port."""
        return self.headers.get("host", "localhost")

    def listed(self, name: str) -> list[str]:
        """The values of a list parameter `Name.1`, `Name.2`, … in their order."""
        found: list[tuple[int, str]] = []
        prefix = name + "."
        for key, value in self.params.items():
            if key.startswith(prefix) and key[len(prefix) :].isdecimal():
                found.append((int(key[len(prefix) :]), value))
        return [value for _, value in sorted(found)]

    def tags(self) -> dict[str, str]:
        """The tags `Tag.1.Key`, `Tag.1.Value`, `Tag.2.Key`, … of the call."""
        found: dict[str, str] = {}
        for name, key in self.params.items():
            if name.startswith("Tag.") and name.endswith(".Key"):
                found[key] = self.params.get(f"{name[:-4]}.Value", "")
        return found

    def _named(self, header: str, parameter: str) -> str:
        if self.scheme == "v3":
            return self.headers.get(header) or self.params.get(parameter, "")
        return self.params.get(parameter) or self.headers.get(header, "")


def read_call(request: HttpRequest) -> Call:
    """Take a request apart. Never raises: what cannot be read is left as it came."""
    path, _, query_text = request.target.partition("?")
    headers = {name.lower(): value for name, value in request.headers}
    query = _pairs(query_text)
    pairs = query
    if request.body and "x-www-form-urlencoded" in headers.get("content-type", ""):
        pairs = query + _pairs(request.body.decode("utf-8", "replace"))
    params: dict[str, str] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        if name in params:
            repeated.add(name)
        else:
            params[name] = value
    signed_v3 = headers.get("authorization", "").startswith(V3)
    return Call(
        method=request.method.upper(),
        path=path or "/",
        query=query,
        pairs=pairs,
        params=params,
        repeated=frozenset(repeated),
        headers=headers,
        body=request.body,
        scheme="v3" if signed_v3 else "v1",
    )


def _pairs(text: str) -> Pairs:
    found: Pairs = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            found.append((_plain(name), _plain(value)))
    return found


def _plain(text: str) -> str:
    # Most names and values hold nothing to decode, and this is the busiest path.
    return unquote_plus(text) if "%" in text or "+" in text else text
