"""A Dagster project of somebody else, built from nothing: `docs/library.md` in files."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "library.md"

PYPROJECT = """
[project]
name = "shop"
version = "0.1.0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "shop"
"""

API = """
import dagster as dg


class Answer:
    busy = False
    orders = [1, 2, 3]


class ShopApi(dg.ConfigurableResource):
    async def orders(self) -> Answer:
        return Answer()
"""

DEFS_FOLDER = """
from pathlib import Path

import dagster as dg

from shop.api import ShopApi


@dg.definitions
def defs():
    folder = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(folder, dg.Definitions(resources={"shop_api": ShopApi()}))
"""

SPEC = """
meta:
  key: shop.sync
  version: "1.0.0"
  title: Sync
  description: Fetches the orders.
  owners: [shop]
  tags: []
  stability: beta
definition:
  entryStepId: sync
  steps:
    - id: sync
      type: automation
      label: Sync
      action: { operation: { key: shop.orders.sync, version: "1.0.0" } }
      retry: { maxAttempts: 3, backoff: exponential, delayMs: 1000 }
  transitions: []
"""


def guide_block(language: str, containing: str) -> str:
    """The block of the guide that contains some text."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if containing in block]
    return block


def shop(root: Path) -> Path:
    """Write the project to `root`, its component as the guide says; the component's file."""
    files = {
        "pyproject.toml": PYPROJECT,
        "shop/__init__.py": "",
        "shop/api.py": API,
        "shop/operations.py": guide_block("python", "sync_orders"),
        "shop/definitions.py": DEFS_FOLDER,
        "shop/defs/workflows/defs.yaml": guide_block("yaml", "WorkflowComponent"),
        "shop/defs/workflows/specs/sync.yaml": SPEC,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "shop/defs/workflows/defs.yaml"
