"""The adapters of real client libraries against the emulator, on the real wire."""

import json
import os
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from redeploy_schemas.contract import load
from redeploy_schemas.validation import problems

CLIENTS = Path(__file__).parents[2] / "clients"
UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
REFUSED = "IncorrectInstanceStatus"
PLAIN = {"code": REFUSED, "http_status": 403}

# What each library is, and how it carries an error of the table: a code with another
# ending and a missing HTTP status are its own doing.
LIBRARIES: dict[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "python_ecs": ("alibabacloud-ecs20140526", "7.11.8", "Python", "v3", PLAIN),
    "python_core": ("aliyun-python-sdk-core", "2.16.1", "Python", "v1", PLAIN),
    "node_ecs": ("@alicloud/ecs20140526", "7.11.6", "JavaScript", "v3", PLAIN),
    "node_pop_core": ("@alicloud/pop-core", "1.8.0", "JavaScript", "v1", PLAIN),
    "node_rpc_client": (
        "@alicloud/rpc-client",
        "1.3.2",
        "JavaScript",
        "v1",
        {"code": f"{REFUSED}Error", "http_status": None},
    ),
    "go_ecs": (
        "github.com/alibabacloud-go/ecs-20140526/v7",
        "v7.7.0",
        "Go",
        "v3",
        PLAIN,
    ),
    "go_sdk": (
        "github.com/aliyun/alibaba-cloud-sdk-go",
        "v1.63.107",
        "Go",
        "v1",
        PLAIN,
    ),
    "java_ecs": ("com.aliyun:ecs20140526", "5.3.0", "Java", "v3", PLAIN),
    "java_sdk": (
        "com.aliyun:aliyun-java-sdk-ecs",
        "5.11.7",
        "Java",
        "v1",
        {"code": REFUSED, "http_status": None},
    ),
}

OPTIONS = ("python_ecs", "node_ecs")
"""Those with an option of a single call to send it again."""

Ask = Callable[..., dict[str, Any]]


class Adapter:
    """One adapter process: its card, and a way to ask it."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [CLIENTS / name / "run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.card = self.line()
        assert problems("client/card", self.card) == []

    def line(self) -> Any:
        """The next line of the adapter, or what it said instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(f"no line from the adapter: {self.process.communicate()[1]}")
        return json.loads(line)

    def ask(self, service: Any, instance_id: str, **more: Any) -> Any:
        """The answer to one request."""
        request = {
            "id": 7,
            "endpoint": service.url,
            "region": "cn-hangzhou",
            "access_key_id": service.key_id,
            "access_key_secret": service.secret,
            "instance_id": instance_id,
            "deadline_seconds": 10.0,
            **more,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        assert problems("client/request", request) == []
        answer = self.line()
        assert problems("client/answer", answer) == []
        return answer

    def end(self) -> int:
        """The exit code after the end of standard input."""
        self.process.communicate(timeout=20)
        return self.process.returncode


class Secured:
    """Servers behind TLS, which one authority vouches for."""

    def __init__(self, authority: Path) -> None:
        self.authority = authority
        self.requests = 0
        self.running: list[ThreadingHTTPServer] = []
        known = trustme.CA()
        known.cert_pem.write_to_path(str(authority))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        known.issue_cert("127.0.0.1").configure_cert(self.context)

    def listen(self) -> str:
        """The address of a new one."""
        secured = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                secured.requests += 1
                body = b'{"TaskId":"t-1","RequestId":"R-1"}'
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *words: object) -> None:
                pass

        server = Quiet(("127.0.0.1", 0), Answers)
        server.socket = self.context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.running.append(server)
        return f"https://127.0.0.1:{server.server_port}"


class Quiet(ThreadingHTTPServer):
    """A client that hangs up is no news."""

    def handle_error(self, *words: object) -> None:
        pass


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    """Servers behind TLS, until the test ends."""
    one = Secured(tmp_path / "authority.pem")
    yield one
    for server in one.running:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module", params=LIBRARIES)
def name(request: pytest.FixtureRequest) -> str:
    """The folder of an adapter whose library is installed."""
    name = str(request.param)
    default = Path.home() / ".cache/redeploy-conformance/clients"
    if not (
        Path(os.environ.get("REDEPLOY_CLIENTS", default)) / name / "ready"
    ).exists():
        pytest.skip(f"not installed: conformance/clients/install {name}")
    return name


@pytest.fixture(scope="module")
def adapter(name: str) -> Iterator[Adapter]:
    """A running adapter."""
    running = Adapter(name)
    yield running
    running.process.kill()
    running.process.communicate()


def test_it_introduces_the_installed_library(name: str, adapter: Adapter) -> None:
    library, version, language, signature, _ = LIBRARIES[name]
    runtime = adapter.card.pop("runtime")
    assert re.search(r"\d+\.\d+", runtime)
    asked = {"options": ["attempts"]} if name in OPTIONS else {}
    assert adapter.card == {
        **asked,
        "protocol": 1,
        "library": library,
        "version": version,
        "language": language,
        "signature": signature,
    }


@pytest.mark.parametrize(("force", "off"), [({}, 0), ({"force_stop": True}, 1)])
def test_a_redeploy_succeeds(
    adapter: Adapter, service: Any, force: dict[str, Any], off: int
) -> None:
    instance_id = service.instance()
    answer = adapter.ask(service, instance_id, **force)
    assert answer.keys() == {"id", "outcome", "task_id", "request_id"}
    assert (answer["id"], answer["outcome"]) == (7, "success")
    assert answer["task_id"].startswith("t-")
    assert UUID.fullmatch(answer["request_id"])
    assert service.power_offs(instance_id) == off


def test_an_error_of_the_table_is_told(
    name: str, adapter: Adapter, service: Any
) -> None:
    answer = adapter.ask(service, service.refused(REFUSED))
    message, request_id = answer.pop("message"), answer.pop("request_id")
    assert answer.pop("class")
    assert answer == {"id": 7, "outcome": "error", **LIBRARIES[name][-1]}
    assert load().error_by_code[REFUSED].message in message
    assert UUID.fullmatch(request_id)


@pytest.mark.parametrize(
    "instance_id",
    [" i-a+b*c~d%e/f&g=h ", "i-é中😀", "i-\u2028\u0085\r\n\t\x7f", "i-%2B"],
)
def test_an_id_of_any_characters_arrives_as_it_is(
    name: str, adapter: Adapter, service: Any, instance_id: str
) -> None:
    answer = adapter.ask(service, instance_id)
    # Whatever is sent otherwise than it is signed is refused for its signature.
    suffix = "Error" if name == "node_rpc_client" else ""
    assert answer["code"] == f"InvalidInstanceId.NotFound{suffix}"


def test_each_call_trusts_whom_it_is_told_to(
    name: str, adapter: Adapter, secured: Secured, service: Any
) -> None:
    asked = {"ca_file": str(secured.authority)}
    if name == "node_rpc_client":
        told = adapter.ask(service, "i-1", endpoint=secured.listen(), **asked)
        assert told["outcome"] == "unsupported"
        return
    for more, outcome in ({}, "error"), (asked, "success"), ({}, "error"):
        told = adapter.ask(service, "i-1", endpoint=secured.listen(), **more)
        assert told["outcome"] == outcome
    assert secured.requests == 1


def test_it_ends_with_its_input(name: str) -> None:
    assert Adapter(name).end() == 0


@pytest.mark.parametrize("name", LIBRARIES)
def test_without_its_library_it_says_how_to_install_it(
    name: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [CLIENTS / name / "run"],
        env={**os.environ, "REDEPLOY_CLIENTS": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )
    said = f"{name} is not installed: run conformance/clients/install {name} first.\n"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", said)


@pytest.mark.parametrize("name", ["python_nothing", "shared", "../clients/python_ecs"])
def test_installing_an_adapter_that_is_not_there_is_wrong_usage(
    name: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [CLIENTS / "install", name],
        env={**os.environ, "REDEPLOY_CLIENTS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There is no adapter {name} that needs a library")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_library_that_cannot_be_had_is_not_called_installed(tmp_path: Path) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n", encoding="utf-8")
    npm.chmod(0o755)
    clients = tmp_path / "clients"
    done = subprocess.run(
        [CLIENTS / "install", "node_ecs"],
        env={
            **os.environ,
            "REDEPLOY_CLIENTS": str(clients),
            "PATH": f"{npm.parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=20,
    )
    said = "no network\nnode_ecs could not be installed: the lines above say why.\n"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", said)
    assert not (clients / "node_ecs" / "ready").exists()


def test_what_is_missing_is_installed_once_and_again_when_its_sources_change(
    tmp_path: Path,
) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text('#!/bin/sh\necho asked >>"$ASKED"\n', encoding="utf-8")
    npm.chmod(0o755)
    asked = tmp_path / "asked"
    sources = shutil.copytree(CLIENTS, tmp_path / "sources")
    environment = {
        **os.environ,
        "ASKED": str(asked),
        "REDEPLOY_CLIENTS": str(tmp_path / "clients"),
        "PATH": f"{npm.parent}:{os.environ['PATH']}",
    }

    def install(*words: str) -> int:
        command = [sources / "install", *words, "node_ecs"]
        subprocess.run(command, env=environment, check=True, timeout=20)
        return asked.read_text("utf-8").count("asked")

    assert [install("--missing"), install("--missing"), install()] == [1, 1, 2]
    with (sources / "shared" / "lines.js").open("a", encoding="utf-8") as file:
        file.write("// another line\n")
    assert [install("--missing"), install("--missing")] == [3, 3]


def test_every_adapter_is_known_here_and_in_the_readme() -> None:
    folders = {run.parent.name for run in CLIENTS.glob("*/run")} - {"reference"}
    assert folders == set(LIBRARIES), "LIBRARIES here has a row for each adapter"
    root = CLIENTS.parents[1]
    page, ci = (root / "README.md").read_text(), (root / ".ci" / "run").read_text()
    for name, (library, version, *_) in LIBRARIES.items():
        row = re.escape(library.removeprefix("github.com/")) + r"[^|]*\| " + version
        assert re.search(row, page), f"README.md, Certify, lacks {name} {version}"
        assert re.search(rf"\b{name}\b", ci), f".ci/run does not install {name}"
    readme = (CLIENTS / "README.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| `(\w+)` \|.*`conformance/clients/install \1` \|$", readme, re.M
    )
    assert told == list(LIBRARIES), "clients/README.md has a row for each adapter"


def test_no_file_holds_an_address() -> None:
    texts = {
        file.name: file.read_text("utf-8")
        for file in CLIENTS.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert [name for name in texts if re.search(r"https?://\w", texts[name])] == []
