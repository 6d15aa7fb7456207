"""Files that nobody would write: whatever is in them, reading and checking ends with an answer.

`PFO_FUZZ_CASES=10000` tries more, `PFO_FUZZ_SEED=7` others. A failure names the seed of its case.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from pfo_dagster.spec import check, load_workflows, render, to_json, to_sarif

SEEDS = Path(__file__).parent / "seeds"
SPECS = Path(__file__).resolve().parents[2] / "specs"
TYPESCRIPT = (SEEDS / "refresh-openbanking-balances.ts").read_text(encoding="utf-8")
YAML = (SPECS / "refresh-openbanking-balances.yaml").read_text(encoding="utf-8")
PAGE = (SEEDS / "generated-page.md").read_text(encoding="utf-8")

CASES = int(os.environ.get("PFO_FUZZ_CASES", "2000"))
SEED = int(os.environ.get("PFO_FUZZ_SEED", "0"))
SECONDS_PER_FILE = 5

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
]


def judge(path: Path) -> int:
    """Everything that `pfo check` does with a file; how many workflows it found."""
    loaded = load_workflows(path, defines={"CAP": {"key": "c"}})
    diagnostics = [*loaded.diagnostics, *(one for spec in loaded.specs for one in check(spec))]
    assert loaded.specs or loaded.diagnostics
    render(diagnostics, color=True).encode()
    json.dumps([to_json(diagnostics), to_sarif(diagnostics)], allow_nan=False).encode()
    return len(loaded.specs)


def test_no_file_is_answered_with_a_traceback_or_not_at_all(tmp_path: Path) -> None:
    read = 0
    for case in range(CASES):
        dice = random.Random(f"{SEED}/{case}")  # noqa: S311 - chance for tests, no secret
        suffix, make = KINDS[case % len(KINDS)]
        path = tmp_path / f"case{suffix}"
        path.write_bytes(make(dice))
        started = time.process_time()
        try:
            read += judge(path)
        except Exception as error:
            raise AssertionError((SEED, case, path.read_bytes())) from error
        assert time.process_time() - started < SECONDS_PER_FILE, (SEED, case)
    assert CASES < 100 or read > CASES / 100, "some mutations must leave a workflow to be checked"
