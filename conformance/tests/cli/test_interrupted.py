"""Stopping in the middle: in order, with what was found, never green."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import COMMAND


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_ctrl_c_leaves_a_result_that_is_not_green(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    process = subprocess.Popen(
        [str(COMMAND), "run", *workers],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    seen = process.stdout.read(1)
    while not re.search(r"(^|\n)[.s]{2}$", seen):  # until a few tests have run
        seen += process.stdout.read(1)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert seen
    assert process.returncode == 3
    assert "Traceback" not in out
    result = json.loads((tmp_path / "redeploy-conformance-result.json").read_text())
    assert not result["run"]["complete"]
    assert result["verdict"] == "incomplete"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [str(COMMAND), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("serving on http://127.0.0.1:")
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode in (0, -number)
    assert "Traceback" not in err


def test_a_port_in_use() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = subprocess.run(
            [str(COMMAND), "serve", "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ran.returncode == 4
    assert port in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
