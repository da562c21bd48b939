"""Where walks that broke a clause are kept, so that the next run tries them first.

A folder, or a Redis database, which several hosts share. It is a help and no evidence: when it
fails, the run goes on without it and says so.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from redeploy_conformance.extras import to_install
from redeploy_conformance.targets.base import TargetUsageError

SECONDS = 5.0
"""How long Redis is waited for."""


class ExamplesUnavailable(UserWarning):
    """Walks that broke a clause could not be kept or fetched."""


class Forgiving(ExampleDatabase):
    """A database whose failures are told once, and otherwise are as if nothing were kept."""

    def __init__(self, inner: ExampleDatabase, failures: tuple[type[Exception], ...]):
        """Take the database, and what it raises when it fails."""
        super().__init__()
        self.inner = inner
        self.failures = failures
        self.broken = False

    def _tried(self, what: Callable[[], Any]) -> Any:
        if self.broken:
            return ()
        try:
            return what()
        except self.failures as error:
            self.broken = True
            text = f"walks are not kept any more: {type(error).__name__}"
            warnings.warn(text, ExamplesUnavailable, stacklevel=2)
            return ()

    def save(self, key: bytes, value: bytes) -> None:
        """Keep a walk."""
        self._tried(lambda: self.inner.save(key, value))

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the walks that are kept."""
        return tuple(self._tried(lambda: tuple(self.inner.fetch(key))))

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget a walk that breaks nothing any more."""
        self._tried(lambda: self.inner.delete(key, value))


def database(place: str, contract_sha256: str, target: str) -> ExampleDatabase:
    """Return the database at a place, for walks on one target under one contract.

    Raises:
        TargetUsageError: the place means nothing, or Redis or its client is not there.
    """
    scope = f"redeploy-conformance:{contract_sha256[:12]}:{target}:"
    if "://" not in place:
        folder = Path(place) / contract_sha256[:12]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or error
            raise TargetUsageError(
                f"{place}: no folder for examples ({why})"
            ) from error
        return Forgiving(DirectoryBasedExampleDatabase(folder), (OSError,))
    if not place.startswith(("redis://", "rediss://")):
        raise TargetUsageError(
            "examples are kept in a folder, or at a redis:// or rediss:// URL"
        )
    try:
        import redis
        from hypothesis.extra.redis import RedisExampleDatabase
    except ImportError as error:
        raise TargetUsageError(
            f"examples in Redis need its client; {to_install('hosts')}"
        ) from error
    try:
        client = redis.Redis.from_url(
            place, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
        )
        client.ping()
    except (redis.RedisError, ValueError) as error:  # not shown: it may hold the URL
        raise TargetUsageError(
            f"the Redis that examples are kept in cannot be used: {type(error).__name__}"
        ) from error
    shared = RedisExampleDatabase(client, key_prefix=scope.encode())
    return Forgiving(shared, (redis.RedisError,))
