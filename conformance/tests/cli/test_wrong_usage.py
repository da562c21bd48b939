"""Wrong usage: exit code 2, one sentence that says what and where, and no result."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.find import find
from redeploy_schemas.contract import load

from .conftest import ONE, RESULT, Command, run_in


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--no-such-option"), "--no-such-option"),
        (("run", "-n", "several"), "neither 1 to 64 nor 'auto'"),
        (("run", "--clause", "Z9"), "there is no clause 'Z9'"),
        (
            ("run", "--case", "no such case"),
            "no planned case 'no such case'; 'run --dry",
        ),
        (
            ("run", "--case", "A13-isolation-gab Running, no event"),
            "(did you mean 'A13-isolation-gap Running, no event'?)",
        ),
        (("run", "-k", "nothingmatchesthis"), "no test matches"),
        (("run", "-k", "a and"), "Wrong expression passed to '-k': a and"),
        (("run", "nonsense"), "'nonsense' is no target"),
        (("run", ""), "'' is no target"),
        (("run", "127.0.0.1:8191"), "did you mean http://127.0.0.1:8191?"),
        (("run", "embedded:no-such-fault"), "there is no fault 'no-such-fault'\n"),
        (
            ("run", "embedded:deny-ignord"),
            "'deny-ignord' (did you mean 'deny-ignored'?)",
        ),
        (("run", "no_such_module:make"), "no_such_module"),
        (("run", "--result", "no/such/folder/r.json"), "no/such/folder"),
        (("run", "--junit", "no/such/folder/j.xml"), "no/such/folder"),
        (("run", "--result", "/proc/nope"), "/proc/nope: "),
        (("run", "--result", "."), "is a directory"),
        (("run", "--baseline", "no-such-baseline.toml"), "no-such-baseline.toml"),
        (("serve", "--fault", "deny_ignored"), "(did you mean 'deny-ignored'?)"),
        (("serve", "--variant", "no-such-variant"), "no-such-variant"),
        (("serve", "--port", "99999"), "99999"),
        (("selftest", "deny-ignor"), "'deny-ignor' (did you mean 'deny-ignored'?)"),
        (("replay", "missing.json"), "missing.json"),
        (("replay", "."), "directory"),
        (("no-such-command",), "no-such-command"),
        (("check-trace", "x", "--redeploy-seconds", "inf"), "inf is no number of"),
        (("check-trace", "x", "--fresh", "nan"), "nan is no number of"),
        (("plan", "x", "--redeploys", "1", "--minutes", "nan"), "nan is no number of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_is_said_what_is_wrong(
    redeploy: Command, words: tuple[str, ...], told: str
) -> None:
    ran = redeploy(*words)
    assert ran.code == 2
    assert told in ran.said
    assert ran.result is None


URLS = (
    "http://",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:-1",
    "http://127.0.0.1:0",
    "http://127.0.0.1:abc",
    "http://[::1",
    "http://127.0.0.1:8080/behind/a/path",
    "http://127.0.0.1:8080/?a=query",
    "ftp://127.0.0.1",
    "file:///etc/hostname",
)


@pytest.mark.parametrize("url", URLS[1:3])
def test_a_url_that_is_no_base_url(redeploy: Command, url: str) -> None:
    ran = redeploy("run", url)
    assert ran.code == 2
    assert url in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "word",
    [
        "127.0.0.1:8191",
        "localhost:80",
        "LOCALHOST:8080/",
        "ecs.my-house.example:443",
        "[::1]:8191",
    ],
)
def test_an_address_without_its_scheme(word: str) -> None:
    with pytest.raises(TargetUsageError) as raised:
        find(word, load())
    assert str(raised.value).endswith(f": did you mean http://{word}?")


@pytest.mark.parametrize("word", ["my.module:make", "module:make1", "module:1"])
def test_a_factory_is_no_address(word: str) -> None:
    with pytest.raises(TargetUsageError, match="could not be called"):
        find(word, load())


@pytest.mark.parametrize("url", URLS)
def test_any_url_that_is_no_base_url(url: str) -> None:
    with pytest.raises(TargetUsageError, match=re.escape(url)):
        find(url, load())


def test_a_password_in_a_url_is_refused_and_not_shown(redeploy: Command) -> None:
    ran = redeploy("run", "http://somebody:hunter2@127.0.0.1:8080")
    assert ran.code == 2
    assert "whose token a statement names (control_token_env)" in ran.err
    assert "hunter2" not in ran.said


HERE = '[endpoint]\nurl = "http://127.0.0.1:1"\n'
STATEMENTS = (
    ("[endpoint\nurl = 1", "not a TOML file"),
    ('[endpoint]\nuri = "http://127.0.0.1:1"', "unknown entry 'uri'"),
    ("[endpoint]\nurl = 1", "[endpoint] url must be a text, not 1"),
    ("[unheard]\nof = 1", "unknown section [unheard]"),
    ("endpoint = 1", "endpoint must be a section"),
    ("", "needs either url or factory"),
    (HERE + 'factory = "a:b"', "not both"),
    (HERE + 'signature = "v2"', "signature must be v1 or v3"),
    ("[bounds]\nredeploy_seconds = -1", "number of seconds"),
    ('[bounds]\nanswer_seconds = "soon"', "number of seconds"),
    ("[bounds]\nanswer_seconds = true", "number of seconds"),
    ("[bounds]\nanswer_seconds = nan", "number of seconds"),
    ("[bounds]\nanswer_seconds = inf", "number of seconds"),
    ("[bounds]\nanswer_seconds = 0", "more than 0"),
    ('[choices]\nA3 = "x"', "not an open clause"),
    ('[choices]\nA10 = "perhaps"', "must be one of"),
    ('[absent]\nparts = ["sun"]', "no part of the control protocol"),
    ('[absent]\npart = ["clock"]', "[absent] has one entry"),
    (HERE + 'control_token_env = "NOT_SET"', "NOT_SET is not set"),
)


@pytest.mark.parametrize(("text", "told"), STATEMENTS[:3])
def test_a_statement_that_means_nothing(
    redeploy: Command, statement: Callable[[str], str], text: str, told: str
) -> None:
    path = statement(text)
    ran = redeploy("run", path)
    assert ran.code == 2
    assert told in ran.err
    assert path in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(("text", "told"), STATEMENTS)
def test_any_statement_that_means_nothing(
    statement: Callable[[str], str], text: str, told: str
) -> None:
    path = statement(text)
    with pytest.raises(TargetUsageError, match=re.escape(told)) as raised:
        find(path, load())
    assert path in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_statement_that_cannot_be_read(redeploy: Command, tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'[implementation]\nname = "\xe9"\n')
    for name, told in (
        ("folder.toml", "Is a directory"),
        ("missing.toml", "No such file"),
        ("latin.toml", "not a TOML file"),
    ):
        ran = redeploy("run", name)
        assert ran.code == 2
        assert name in ran.err
        assert told in ran.err
        assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def make():\n    raise RuntimeError('no database')", "no database"),
        ("raise SystemExit(0)", "SystemExit"),
        ("def make(needs):\n    pass", "missing 1 required"),
        ("def make():\n    return 42", "returned int"),
        ("make = 42", "could not be called"),
        ("def make(:", "SyntaxError"),
    ],
)
def test_a_factory_that_is_none(
    redeploy: Command, module: Callable[[str], None], text: str, told: str
) -> None:
    module(text)
    ran = redeploy("run", "mine:make")
    assert ran.code == 2
    assert told in ran.err
    assert "mine:make" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--trace", "no/such/folder/t"), "no/such/folder/t: there is no such"),
        (("run", "--trace", "file/t"), "file/t: there is no such folder"),
        (
            ("run", "--examples", "file"),
            "file: no folder for examples (Not a directory)",
        ),
        (
            ("run", "--examples", "file/x"),
            "file/x: no folder for examples (Not a directory)",
        ),
        (("run", "--trace", "x", "--result", "x"), "x: two outputs would be written"),
        (("check-trace", "file", "--result", "no/r"), "no/r: there is no such folder"),
    ],
    ids=" ".join,
)
def test_an_output_that_cannot_be_written_is_told_before_the_run(
    redeploy: Command, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    ran = redeploy(*words)
    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize("option", ["result", "junit", "stream", "trace"])
@pytest.mark.parametrize("path", [".", "no/such/folder/x"])
def test_the_plugin_tells_it_before_the_first_test_too(
    tmp_path: Path, option: str, path: str
) -> None:
    words = ["--pyargs", "redeploy_conformance.suite", f"--redeploy-{option}={path}"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert f"{path}: " in ran.stdout + ran.stderr
    assert "passed" not in ran.stdout


def test_several_outputs_may_go_to_a_device(redeploy: Command) -> None:
    ran = redeploy("run", *ONE, "--trace", "/dev/null", "--stream", "/dev/null")
    assert ran.code == 3, ran.said


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each kind."""
    folder = tmp_path_factory.mktemp("written")
    run_in(folder, "run", *ONE, "--trace", "t.ndjson", "--stream", "s.ndjson")
    (folder / RESULT).rename(folder / "r.json")
    (folder / "b.toml").write_text('format = "redeploy-conformance/baseline/1"\n')
    (folder / "j").write_text('{"format": "redeploy-conformance/journal/1"}\n')
    return folder


IS_RESULT = "it seems to be a result file, which 'report' and 'replay' read"
IS_TRACE = "it seems to be a trace, which 'check-trace' reads"
IS_STREAM = "it seems to be the stream of a run, which 'report' reads"
IS_BASELINE = "it seems to be a baseline, which 'run --baseline' and 'baseline' read"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("check-trace r.json", IS_RESULT),
        ("check-trace s.ndjson", IS_STREAM),
        ("check-trace b.toml", IS_BASELINE),
        ("report text t.ndjson", IS_TRACE),
        ("report diff r.json t.ndjson", IS_TRACE),
        ("report clients r.json", IS_RESULT),
        ("replay t.ndjson", IS_TRACE),
        ("replay s.ndjson", IS_STREAM),
        ("certificate verify r.json t.ndjson", IS_RESULT),
        ("certificate make t.ndjson t.ndjson -o c.json", IS_TRACE),
        ("baseline update t.ndjson new.toml", IS_TRACE),
        ("baseline update r.json t.ndjson", IS_TRACE),
        ("baseline check r.json", IS_RESULT),
        ("run r.json", IS_RESULT),
        ("restore r.json", IS_RESULT),
        ("resume t.ndjson", IS_TRACE),
        ("report text j", "the journal of a staging run, which 'resume' and 'restore'"),
    ],
)
def test_a_file_of_another_kind_is_recognised(
    written: Path, words: str, told: str
) -> None:
    ran = run_in(written, *words.split())
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1
