"""Files that nobody would write: `pfo check` answers soon, in little memory, whatever they hold.

`PFO_FUZZ_CASES=10000` tries more, `PFO_FUZZ_SEED=7` others. A failure names the seed of its case.
"""

from __future__ import annotations

import copy
import json
import os
import random
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel import yaml
from typer.testing import CliRunner

from pfo_dagster.cli.app import check

CHECK = typer.Typer()
"""`pfo check` alone: typer would read the annotations of all its siblings anew for each file."""
CHECK.command()(check)

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "tests" / "spec" / "seeds"
SPECS = ROOT / "specs"
TYPESCRIPT = (SEEDS / "refresh-openbanking-balances.ts").read_text(encoding="utf-8")
YAML = (SPECS / "refresh-openbanking-balances.yaml").read_text(encoding="utf-8")
PAGE = (SEEDS / "generated-page.md").read_text(encoding="utf-8")

CASES = int(os.environ.get("PFO_FUZZ_CASES", "600"))
SEED = int(os.environ.get("PFO_FUZZ_SEED", "0"))
SECONDS_PER_FILE = 5
MEGABYTES = 200

PIECES = [
    *"{}[]()'\"`,:;=<>/\\|&*!?#%@-+._ \t\n\r\0",
    *("...", "=>", "${", "*/", "/*", "//", "```", "---\n", "!!", "<<: ", "&a ", "*a ", "? "),
    *("undefined", "null", "NaN", "-1", "1e999", "0x", "1_0", "10n", "'\\ud800'", "\\u{110000}"),
    *("BALANCE_CAPABILITY", "OwnersEnum", "defineWorkflow(", "WorkflowSpec", "as const"),
    *("steps", "transitions", "condition: ", "guard: ", "id: ", "é", "\U0001f600", "\u2028"),
    *("condition: 'data.a === 1 && (output.b'", "retry: { maxAttempts: -1, delayMs: 1e300 }"),
    *("sla: { totalDurationMs: 1 }, ", "__proto__: ", "'refresh-balances'", "class A {}"),
]


def garbage(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(200))


def pieces(dice: random.Random) -> bytes:
    return "".join(dice.choices(PIECES, k=dice.randrange(60))).encode()


def mutated(text: str) -> Callable[[random.Random], bytes]:
    def mutate(dice: random.Random) -> bytes:
        found = text
        for _ in range(dice.randint(1, 6)):
            start = dice.randrange(len(found))
            end = min(len(found), start + dice.choice([0, 0, 1, 2, 10, 300]))
            other = dice.randrange(len(found))
            insert = dice.choice(
                ["", dice.choice(PIECES), dice.choice(PIECES), found[other : other + 40]]
            )
            found = found[:start] + insert + found[end:] or " "
        return found.encode()

    return mutate


ODD: list[Any] = [
    *(
        "",
        " ",
        "a b",
        "é\u0301\U0001f600",
        "\ud800",
        "x" * 5000,
        "__init__",
        "input",
        "@",
        "team:",
        "a/b",
    ),
    *(None, True, 0, -1, 0.5, 1e300, 10**30, [], {}, [[]], {"a": 1}),
    *("human", "decision", "policy", "fetch-balances", "data.a.b[0]?.c > 1 || !output", "(" * 300),
]


def altered(dice: random.Random) -> bytes:
    """A workflow with odd values in some places, which often can be read."""
    content = yaml.YAML(typ="safe").load(YAML)
    for _ in range(dice.randint(1, 3)):
        part = content
        while True:
            key = dice.choice(list(part) if isinstance(part, dict) else range(len(part)))
            if not isinstance(part[key], dict | list) or not part[key] or not dice.randrange(8):
                alike = [one for one in ODD if type(one) is type(part[key])]
                part[key] = copy.deepcopy(
                    dice.choice(alike if dice.randrange(4) and alike else ODD)
                )
                break
            part = part[key]
    return json.dumps(content).encode()


KINDS: list[tuple[str, Callable[[random.Random], bytes]]] = [
    (".yaml", garbage),
    (".ts", garbage),
    (".yaml", pieces),
    (".json", pieces),
    (".ts", pieces),
    (".md", pieces),
    (".yaml", mutated(YAML)),
    (".ts", mutated(TYPESCRIPT)),
    (".ts", mutated(TYPESCRIPT)),
    (".md", mutated(PAGE)),
    (".json", altered),
    (".json", altered),
]


FORMATS = ["text", "json", "sarif"]
SUMMARY = re.compile(r"^(\d+) workflows checked: (\d+) errors, (\d+) warnings\.\n$")


def judge(path: Path, output: str) -> bool:
    """What the command makes of a file; whether it found a workflow to check."""
    arguments = [str(path), "--format", output, "--define", 'CAP={"key": "c"}']
    done = CliRunner().invoke(CHECK, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    assert done.exit_code in {0, 1}
    if output != "text":
        assert json.loads(done.stdout) is not None
        return False
    summary = SUMMARY.match(done.stdout)
    assert summary, done.stdout
    specs, errors, _ = map(int, summary.groups())
    assert done.exit_code == (1 if errors else 0)
    assert errors == len(re.findall(r"^\S*: error\[PFO\d{3}\]: ", done.stderr, re.MULTILINE))
    assert specs or errors
    return specs > 0


def test_no_file_is_answered_with_a_traceback_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PFO_SPECS_DIR", str(SPECS))
    judge(SPECS / "refresh-openbanking-balances.yaml", "text")
    read, before, slowest = 0, peak_megabytes(), 0.0
    for case in range(CASES):
        dice = random.Random(f"{SEED}/{case}")  # noqa: S311 - chance for tests, no secret
        suffix, make = KINDS[case % len(KINDS)]
        path = tmp_path / f"case{suffix}"
        path.write_bytes(make(dice))
        started = time.process_time()
        try:
            # Text is what people read; now and then the others.
            read += judge(path, FORMATS[case % 7 % 3] if case % 7 < 3 else "text")
        except Exception as error:
            raise AssertionError((SEED, case, path.read_bytes())) from error
        slowest = max(slowest, time.process_time() - started)
        assert slowest < SECONDS_PER_FILE, (SEED, case)
    print(f"{CASES} files, {read} with a workflow; slowest {slowest:.2f} s, "  # noqa: T201 - told with -s
          f"{peak_megabytes() - before:.0f} MB more")  # fmt: skip
    assert peak_megabytes() - before < MEGABYTES
    assert CASES < 100 or read > CASES / 100, "some mutations must leave a workflow to be checked"


def peak_megabytes() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
