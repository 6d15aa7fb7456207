"""A spec that breaks each rule, and the diagnostic that comes of it, for the page of rules.

Each example is the same small sound workflow with one edit. The edits are all there is to maintain:
the diagnostics are what `pfo check` really says of them.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pfo_dagster.operations import OperationContext, OperationRegistry, ProducedAsset
from pfo_dagster.spec import AppConfig, check, load_workflows, render
from pfo_dagster.translate.planning.judging import judge, judge_together

if TYPE_CHECKING:
    from pfo_dagster.spec import Diagnostic

SOUND: Final = """\
meta:
  key: family.rates
  version: "1.0.0"
  title: Rates
  description: Fetches exchange rates and stores them.
  owners: [platform.finance]
  tags: []
  stability: beta
definition:
  entryStepId: fetch
  steps:
    - id: fetch
      type: automation
      label: Fetch
      action: { operation: { key: rates.fetch, version: "1.0.0" } }
    - id: store
      type: automation
      label: Store
      action: { operation: { key: rates.store, version: "1.0.0" } }
  transitions:
    - { from: fetch, to: store }
"""

TYPESCRIPT: Final = """\
export const rates = defineWorkflow({
  meta: {
    key: 'family.rates',
    version: '1.0.0',
    title: 'Rates',
    description: 'Fetches exchange rates and stores them.',
    owners: [OwnersEnum.PlatformFinance],
    tags: [],
    stability: StabilityEnum.Beta,
  },
  definition: {
    steps: [{ id: 'fetch', type: 'decision', label: 'Fetch' }],
    transitions: [],
  },
});
"""

_APP: Final = AppConfig.model_validate(
    {
        "integrations": [
            {"slotId": "rateService", "status": "connected"},
            {"slotId": "mail", "status": "disconnected", "provider": "gmail"},
            {"slotId": "sms", "status": "unknown"},
        ],
        "capabilities": {"enabled": [{"key": "rates.read", "version": "1.0.0"}]},
    }
)


Files = tuple[tuple[str, bytes], ...]
"""Files that break a rule, by name; the first is the one that the diagnostic is about."""


def rendered_example(code: str) -> str | None:
    """What a terminal shows of the rule's example; None where no file can break the rule.

    Raises `LookupError` for an example that does not break its rule.
    """
    files = EXAMPLES.get(code)
    if files is None:
        return None
    first, *others = files
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files:
            (folder / path).write_bytes(content)
        found = _everything_wrong(folder if others else folder / first[0])
    for one in found:
        if one.code == code:
            path = one.path.relative_to(folder) if one.path else None
            return render([replace(one, path=path)]).replace(f"{folder}/", "")
    msg = f"the example of {code} breaks {[one.code for one in found]} and not {code}"
    raise LookupError(msg)


def _everything_wrong(path: Path) -> list[Diagnostic]:
    loaded = load_workflows(path)
    judged = [judge(spec, _operations(), _APP) for spec in loaded.specs]
    found = [*loaded.diagnostics, *judge_together(judged)]
    for one in judged:
        found += one.diagnostics
        found += check(
            one.spec, forms={("rates.form", "1.0.0")}, capabilities={("rates.read", "1.0.0")}
        )
    return found


def _operations() -> OperationRegistry:
    registry = OperationRegistry()
    asset = ProducedAsset(key=("rates",), description="")

    async def nothing(_: OperationContext[Any]) -> None:
        """Nothing is ever run."""

    for key in ("rates.fetch", "rates.store", "rates.load", "rates.copy"):
        produces = [asset] if key in {"rates.load", "rates.copy"} else []
        registry.operation(key, produces=produces)(nothing)
    return registry


def _edited(*edits: tuple[str, str], text: str = SOUND, suffix: str = ".yaml") -> Files:
    for old, new in edits:
        if old not in text:
            msg = f"the workflow to be edited does not contain {old!r}"
            raise ValueError(msg)
        text = text.replace(old, new, 1)
    return ((f"rates{suffix}", text.encode()),)


def _step(*fields: str, text: str = SOUND) -> Files:
    """With these fields in the first step."""
    label = "      label: Fetch\n"
    lines = "".join(f"      {field}\n" for field in fields)
    return _edited((label, label + lines), text=text)


def _edges(*edges: str) -> Files:
    """With these transitions."""
    lines = "\n".join(f"    - {{ {edge} }}" for edge in edges)
    return _edited(("    - { from: fetch, to: store }", lines))


def _conditions(*conditions: str) -> Files:
    """With a transition for each condition, and one for everything else."""
    edges = [f'from: fetch, to: store, condition: "{condition}"' for condition in conditions]
    return _edges(*edges, "from: fetch, to: store")


def _definition(field: str, text: str = SOUND) -> Files:
    return _edited(("definition:\n", f"definition:\n  {field}\n"), text=text)


def _runtime(field: str, text: str = SOUND) -> Files:
    return _edited(("definition:\n", f"runtime:\n  {field}\ndefinition:\n"), text=text)


def _devkit(*fields: str, text: str = SOUND) -> Files:
    """With these fields in the first step of a workflow that is for the devkit."""
    ((_, edited),) = _step(*fields, text=text)
    return _runtime("workflowDevkit: {}", edited.decode())


def _typescript(old: str, new: str) -> Files:
    return _edited((old, new), text=TYPESCRIPT, suffix=".ts")


def _two(*edits: tuple[str, str], first: str = SOUND) -> Files:
    """A second workflow that differs from the first by some edits."""
    ((_, other),) = _edited(*edits, text=first)
    return (("b.yaml", other), ("a.yaml", first.encode()))


_ACTION: Final = '      action: { operation: { key: rates.fetch, version: "1.0.0" } }\n'
_HUMAN: Final = SOUND.replace("automation", "human", 1).replace(_ACTION, "")
_UNDO: Final = 'stepId: fetch, operation: { key: rates.store, version: "1.0.0" }'
_SLEEP: Final = "runtime: { workflowDevkit: { behavior: sleep, sleep: { duration: 1h } } }"
_RETRY: Final = "retry: { maxAttempts: 3, backoff: linear, delayMs: 1000 }"
_LIMITED: Final = SOUND.replace(
    "label: Fetch", f"label: Fetch\n      timeoutMs: 100\n      {_RETRY}"
)

EXAMPLES: Final[dict[str, Files]] = {
    "PFO001": (("rates.yaml", SOUND.replace("Rates", "Taux d'intérêt").encode("latin-1")),),
    "PFO002": _edited(("tags: []", "tags: [")),
    "PFO003": _step("retry: { maxAttempts: 3, maxAttempts: 5 }"),
    "PFO004": _step("retry: &default { maxAttempts: 3 }"),
    "PFO005": _step("retry: { maxAttempt: 3 }"),
    "PFO006": _step("guard: { type: expression }"),
    "PFO007": _edited(('version: "1.0.0"', "version: 1.10")),
    "PFO008": _two(),
    "PFO009": (("rates.yaml", b""),),
    "PFO010": _edited(("key: family.rates", 'key: ""')),
    "PFO011": _edited(("owners: [platform.finance]", "owners: []")),
    "PFO012": _edited(("stability: beta", "stability: production")),
    "PFO016": _typescript("tags: []", "tags: [...COMMON_TAGS]"),
    "PFO017": _typescript("tags: []", "tags: COMMON_TAGS"),
    "PFO018": _edited(
        ("export", "const A = [B];\nconst B = [A];\nexport"),
        ("tags: []", "tags: A"),
        text=TYPESCRIPT,
        suffix=".ts",
    ),
    "PFO019": _typescript("export const rates = define", "const build = () => define"),
    "PFO020": (
        ("rates.yaml", (SOUND.split("  steps:")[0] + "  steps: []\n  transitions: []\n").encode()),
    ),
    "PFO021": _edited(("id: store", "id: fetch")),
    "PFO022": _edited((_ACTION, "")),
    "PFO023": _edited(text=_HUMAN),
    "PFO024": _step('guard: { type: expression, value: " " }'),
    "PFO025": _edited(("entryStepId: fetch", 'entryStepId: ""')),
    "PFO026": _edited(("entryStepId: fetch", "entryStepId: fecth")),
    "PFO027": _edges("from: fecth, to: store"),
    "PFO028": _edges("from: fetch, to: stroe"),
    "PFO029": _conditions(" "),
    "PFO030": _edited(("  transitions:\n    - { from: fetch, to: store }", "  transitions: []")),
    "PFO031": _edited(("  transitions:\n    - { from: fetch, to: store }", "  transitions: []")),
    "PFO032": _edges("from: fetch, to: store", "from: store, to: fetch"),
    "PFO033": _edited(("type: automation", "type: automaton")),
    "PFO034": _step("guard: { type: expresion, value: data.open }"),
    "PFO035": _edges("from: fetch, to: store", "from: fetch, to: store, condition: data.open"),
    "PFO036": _edges('from: fetch, to: store, condition: "output.count > 0"'),
    "PFO037": _conditions("output.count > 5 && output.count < 3"),
    "PFO038": _conditions("output.count > 1", "output.count > 5"),
    "PFO039": _conditions("output.isNew", "output.isLate"),
    "PFO040": _runtime("capabilities: { adapters: { langgraph: true, langchain: true } }"),
    "PFO041": _runtime("capabilities: { adapters: { langgraf: true } }"),
    "PFO042": _runtime('ports: { suspension: " " }'),
    "PFO043": _runtime("ports: { store: memory }"),
    "PFO044": _runtime("{ capabilities: { checkpointing: true }, ports: {} }"),
    "PFO045": _runtime("{ capabilities: { suspendResume: true }, ports: {} }"),
    "PFO046": _runtime("{ capabilities: { approvalGateway: true }, ports: {} }"),
    "PFO047": _runtime("{ capabilities: { adapters: { workflow-devkit: true } }, ports: {} }"),
    "PFO048": _runtime('workflowDevkit: { runIdentity: { prefix: " " } }'),
    "PFO050": _devkit(text=_HUMAN),
    "PFO051": _devkit("runtime: { workflowDevkit: { behavior: streamSession } }"),
    "PFO052": _devkit(_RETRY, _SLEEP),
    "PFO053": _devkit('runtime: { workflowDevkit: { idempotencyKey: " " } }'),
    "PFO054": _devkit("runtime: { workflowDevkit: { behavior: wait } }"),
    "PFO060": _edited(("key: rates.fetch", "key: rates.fecth")),
    "PFO061": _step('action: { form: { key: rates.from, version: "1.0.0" } }', text=_HUMAN),
    "PFO062": _step('requiredCapabilities: [{ key: rates.red, version: "1.0.0" }]'),
    "PFO063": _definition(f"compensation: {{ steps: [{{ {_UNDO.replace('store', 'undo')} }}] }}"),
    "PFO070": _definition("sla: { totalDurationMs: 0 }"),
    "PFO071": _definition("sla: { stepDurationMs: { fetch: 0 } }"),
    "PFO072": _definition(
        "sla: { totalDurationMs: 900, stepDurationMs: { fetch: 500, store: 600 } }"
    ),
    "PFO073": _definition("sla: { stepDurationMs: { fecth: 500 } }"),
    "PFO074": _definition(f"compensation: {{ steps: [{{ {_UNDO.replace('fetch', 'fecth')} }}] }}"),
    "PFO075": _definition(f"compensation: {{ steps: [{{ {_UNDO} }}, {{ {_UNDO} }}] }}"),
    "PFO076": _definition("compensation: { steps: [{ stepId: fetch }] }"),
    "PFO077": _definition(f"compensation: {{ steps: [{{ {_UNDO} }}] }}"),
    "PFO080": _step("retry: { maxAttempts: 0, backoff: linear, delayMs: 1000 }"),
    "PFO081": _step("retry: { maxAttempts: 3, backoff: linear, delayMs: 0 }"),
    "PFO082": _step("retry: { maxAttempts: 3, backoff: linear, delayMs: 1000, maxDelayMs: 500 }"),
    "PFO083": _step("retry: { maxAttempts: 3, delayMs: 1000 }"),
    "PFO084": _step("retry: { maxAttempts: 3, backoff: quadratic, delayMs: 1000 }"),
    "PFO085": _step(_RETRY, text=_HUMAN),
    "PFO086": _step("retry: { maxAttempts: 40, backoff: exponential, delayMs: 1000 }"),
    "PFO087": _step("timeoutMs: 0"),
    "PFO088": _definition("sla: { totalDurationMs: 3000 }", text=_LIMITED),
    "PFO090": _conditions("output.count = 0"),
    "PFO091": _conditions("data.spent === data.budget"),
    "PFO092": _step('guard: { type: expression, value: "output.open" }'),
    "PFO100": _step("requiredIntegrations: [rateServcie]"),
    "PFO101": _step("requiredIntegrations: [mail]"),
    "PFO102": _step("requiredIntegrations: [sms]"),
    "PFO103": _step('requiredCapabilities: [{ key: rates.read, version: "2.0.0" }]'),
    "PFO110": _edited(("definition:\n", "policy: { flags: [beta] }\ndefinition:\n")),
    "PFO111": _step("guard: { type: policy, value: rates.approved }"),
    "PFO112": _edited(
        ("id: fetch", "id: a-b"),
        ("id: store", "id: a.b"),
        ("from: fetch, to: store", "from: a-b, to: a.b"),
        ("entryStepId: fetch", "entryStepId: a-b"),
    ),
    "PFO113": _two(("family.rates", "family-rates")),
    "PFO114": _two(
        ("family.rates", "family.copies"),
        ("rates.load", "rates.copy"),
        first=SOUND.replace("rates.fetch", "rates.load"),
    ),
    "PFO115": _edited(("platform.finance", '"@"')),
}
"""An example for each rule that a file can break."""
