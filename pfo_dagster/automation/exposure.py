"""Who reads what is published: the dashboard, as an asset downstream of its figures."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Collection

import dagster as dg

from pfo_dagster.config import DASHBOARD_PORT

DASHBOARD = dg.AssetKey(["dashboard"])


def dashboard_asset(produced: Collection[dg.AssetKey]) -> dg.AssetSpec:
    """The dashboard, downstream of the published assets among `produced`. Nothing materializes it.

    It follows each publication by itself, so that it is never older than what it reads.
    """
    return dg.AssetSpec(
        DASHBOARD,
        deps=sorted(key for key in produced if key.path[0] == "published"),
        group_name="dashboards",
        kinds={"marimo", "altair"},
        description=(
            "What is held, how it moved, and how far to believe it. `make dashboard` serves it; it"
            " shows each publication as soon as it is there."
        ),
        metadata={"url": dg.MetadataValue.url(f"http://127.0.0.1:{DASHBOARD_PORT}")},
    )
