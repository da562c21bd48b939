"""The command without its start: ``subprocess.run([*warm(), *words])`` for ``redeploy-conformance WORDS``.

Tests run it hundreds of times, and most of what these runs need is to import. So the first one leaves
a server behind that has imported already; it ends with the tests that began it. Each run is a process
forked from it, with the folder, the environment, the output and the exit code of whoever runs it.
Where the environment tells Python itself something, the real command is run. What is interrupted,
killed or watched while it runs must be the real command, too.
"""

import array
import contextlib
import errno
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from functools import cache

COMMAND = os.path.join(os.path.dirname(sys.executable), "redeploy-conformance")
AHEAD = (
    "Tea.core",
    "apscheduler.schedulers.background",
    "httpx",
    "hypothesis.stateful",
    "pytest",
    "redeploy_conformance.cli",
    "redeploy_conformance.emulator.app",
    "redeploy_conformance.evidence.check",
    "redeploy_conformance.finding.walking",
    "redeploy_conformance.staging.beginning",
    "redeploy_conformance.staging.ending",
    "redeploy_reports.text",
)
"""What most runs import: nothing of the plugin, which pytest must be the first to see, and nothing that
looks for keys in the environment when it is imported."""
INDIFFERENT = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
"""What may be told to Python by whoever begins the tests."""
FOR_ALL = {"HYPOTHESIS_NO_PLUGINS": "1"}
GONE = 70
"""The exit code where the server is gone: none of the command's own."""
PATIENCE = 60.0
"""Seconds that this may take on a busy machine."""
EACH = 1.0
"""Seconds after which the server looks whether the tests are still there."""


@cache
def warm() -> list[str]:
    """Return the words that stand for the command as long as this process lives."""
    import atexit
    import shutil
    import tempfile

    if not hasattr(os, "pidfd_open"):
        return [COMMAND]
    folder = tempfile.mkdtemp(prefix="warm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = os.path.join(folder, "socket")
    return [sys.executable, "-IS", __file__, place, str(os.getpid())]


def ask(place: str, tests: str, words: list[str]) -> int:
    """Have one command carried out; return its exit code, negative where a signal ended it."""
    with _connected(place, tests) as server:
        asked = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
        streams = array.array("i", (0, 1, 2))
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)
        server.sendmsg([len(asked).to_bytes(4, "big")], [rights])
        server.sendall(asked)
        code = server.recv(4)
    if not code:
        with open(f"{place}.log") as log:
            sys.stderr.write(f"the server that has imported is gone: {log.read()}\n")
        return GONE
    return int.from_bytes(code, "big", signed=True)


def _connected(place: str, tests: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    started = False
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.connect(place)
            return connection
        except OSError:
            if time.monotonic() > until:
                raise
        if not started:
            with open(f"{place}.log", "ab") as log:
                subprocess.Popen(
                    [sys.executable, __file__, "--serve", place, tests],
                    env={"PATH": os.environ.get("PATH", ""), **FOR_ALL},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
            started = True
        time.sleep(0.02)


def serve(place: str, tests: int) -> None:
    """Serve until the tests have ended; return in each process that is to carry a command out."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(place)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.exit()  # another test was first
    listener.listen(16)
    listener.settimeout(EACH)
    for name in AHEAD:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while _alive(tests):
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            if os.fork() == 0:
                listener.close()
                return _carried_out(connection)
    sys.exit()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _carried_out(connection: socket.socket) -> None:
    """Fork once more: one process becomes the command, the other one tells how that ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as rest:
        words, folder, environment = json.loads(rest.read(int.from_bytes(head, "big")))
    from hypothesis.configuration import set_hypothesis_home_dir

    process = os.fork()
    if process == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        kept = os.path.join(folder, ".hypothesis")  # as Hypothesis has it
        own = environment.get("HYPOTHESIS_STORAGE_DIRECTORY")
        set_hypothesis_home_dir(own or kept)
        sys.argv = [COMMAND, *words]
        sys.path[0] = os.path.dirname(COMMAND)
        return
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(process)
    ready, _, _ = select.select([ended, connection], [], [])
    if ended not in ready:  # whoever asked is gone
        os.kill(process, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if ended in ready:
        connection.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2], int(sys.argv[3]))
        from redeploy_conformance.cli import main

        sys.exit(main())
    told = {name for name in os.environ if name.startswith("PYTHON")}
    if told - INDIFFERENT:
        os.execv(COMMAND, [COMMAND, *sys.argv[3:]])
    code = ask(*sys.argv[1:3], sys.argv[3:])
    if code < 0:
        with contextlib.suppress(OSError):  # some cannot be handled at all
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
