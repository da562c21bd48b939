"""The emulator, right or broken, on a free port of this machine, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).with_name("redeploy-conformance")
END_SECONDS = 10.0


@contextmanager
def served(*, fault: str = "", variant: str = "") -> Iterator[str]:
    """Serve until the end of the block; yield the base URL.

    Raises:
        RuntimeError: it did not start.
    """
    words = [str(COMMAND), "serve", "--port", "0"]
    words += ["--fault", fault] if fault else []
    words += ["--variant", variant] if variant else []
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith("serving on "):
            raise RuntimeError(f"{' '.join(words[1:])} did not start: {line!r}")
        yield line.removeprefix("serving on ").strip()
    finally:
        process.terminate()
        process.wait(END_SECONDS)
        process.stdout.close()
