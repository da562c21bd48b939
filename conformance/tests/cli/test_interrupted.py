"""Stopping in the middle: in order, with what was found, never green."""

import http.client
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import COMMAND, RESULT, Command, read_result, served, wrapped
from .test_signs_of_life import NO_CLOCK


def started(folder: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(COMMAND), *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_ctrl_c_leaves_a_result_that_is_not_green(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    process = started(tmp_path, "run", *workers)
    assert process.stdout is not None
    seen = process.stdout.read(1)
    while not re.search(r"(^|\n)[.s]{2}$", seen):  # until a few tests have run
        seen += process.stdout.read(1)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 3, out
    assert "Traceback" not in out
    assert "INTERNALERROR" not in out
    assert "the run was cut short" in out
    result = read_result(tmp_path / RESULT)
    assert not result["run"]["complete"]
    assert result["verdict"] == "incomplete"
    assert any(one["verdict"] == "pass" for one in result["clauses"])


def test_ctrl_c_before_anything_was_judged(tmp_path: Path) -> None:
    """The target does not answer yet: there is nothing to write down."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = started(
            tmp_path, "run", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        silent.settimeout(20)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20)
    assert process.returncode == 3, out
    assert out.strip() == "redeploy-conformance: stopped before the end"
    assert not (tmp_path / RESULT).exists()


def test_ctrl_c_in_the_first_case_of_all(
    tmp_path: Path, module: Callable[[str], None]
) -> None:
    """None has brought anything by then, but what is offered is known from discovery."""
    module(wrapped(NO_CLOCK))
    process = started(tmp_path, "run", "mine:make")
    assert process.stdout is not None
    seen = process.stdout.read(1)
    while not seen.endswith("\ns"):  # the tour needs the clock; the case after it waits
        seen += process.stdout.read(1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 3, out
    result = read_result(tmp_path / RESULT)
    assert result["target"]["offers"] == ["accounts", "instances"]
    assert "there is no control plane" not in out


def test_ctrl_c_where_python_drops_it(redeploy: Command, tmp_path: Path) -> None:
    """In a finaliser nothing can be raised: the run ends with the test under way all the same."""
    text = wrapped(
        """
        if self.count == 400:
            Dropped()
        """
    )
    dropped = (
        "import os\nimport signal\n\n\nclass Dropped:\n    def __del__(self):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        for _ in range(1000):\n            pass\n\n\n"
    )
    (tmp_path / "mine.py").write_text(dropped + text, "utf-8")
    ran = redeploy("run", "mine:make")
    assert ran.code == 3
    assert ran.result is not None
    assert not ran.result["run"]["complete"]
    assert ran.result["run"]["cases"] < 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_and_ends_in_order(number: signal.Signals) -> None:
    with served() as (url, process):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/redeploy-control/v1/")
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["protocol"] == "redeploy-control/1"
        process.send_signal(number)  # while a connection is kept open
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == err == ""


def test_a_port_in_use(redeploy: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = redeploy("serve", "--port", port)
    assert ran.code == 4
    assert ran.out == ""
    assert port in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_server_for_other_machines_needs_a_token(redeploy: Command) -> None:
    ran = redeploy("serve", "--host", "0.0.0.0", "--port", "0", timeout=20)
    assert ran.code == 2
    assert "with --token-env, or serve on 127.0.0.1" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
