"""A made-up household behind the same API as Powens: for trying things out and for tests.

Start at `household` for who these people are, at `app` for what can be called. `history` makes the
figures from the seed, `timeline` says as of when a bank's figures are, `wire` writes them down as
Powens does. `onboarding` lets one connect, `faults` breaks answers on purpose and `unreachable`
what comes before them, `server` puts the app on a socket, `in_process` calls it without one.
`controls` are what people set, `scenarios` what they may choose (in `made_worlds`), `interventions`
what they do by hand, `stage` puts it all together. `webhooks` writes and sends events,
`announcements` decides which are due, `page` shows it all in a browser.
"""

from pfo_dagster.openbanking.sandbox.app import SANDBOX_TOKEN, sandbox_app
from pfo_dagster.openbanking.sandbox.controls import ControlPanel, Controls, Rule
from pfo_dagster.openbanking.sandbox.faults import Fault, Faults
from pfo_dagster.openbanking.sandbox.household import household
from pfo_dagster.openbanking.sandbox.in_process import InProcessTransport
from pfo_dagster.openbanking.sandbox.made_worlds import planted
from pfo_dagster.openbanking.sandbox.onboarding import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from pfo_dagster.openbanking.sandbox.scenarios import SCENARIOS, scenario_set
from pfo_dagster.openbanking.sandbox.stage import Stage
from pfo_dagster.openbanking.sandbox.state import SandboxState
from pfo_dagster.openbanking.sandbox.unreachable import UNKNOWN_HOST, WithoutAnswer
from pfo_dagster.openbanking.sandbox.world import (
    AccountPlan,
    ConnectionPlan,
    Habit,
    Rhythm,
    World,
)

__all__ = [
    "SANDBOX_CLIENT_ID",
    "SANDBOX_CLIENT_SECRET",
    "SANDBOX_TOKEN",
    "SCENARIOS",
    "UNKNOWN_HOST",
    "AccountPlan",
    "ConnectionPlan",
    "ControlPanel",
    "Controls",
    "Fault",
    "Faults",
    "Habit",
    "InProcessTransport",
    "Rhythm",
    "Rule",
    "SandboxState",
    "Stage",
    "WithoutAnswer",
    "World",
    "household",
    "planted",
    "sandbox_app",
    "scenario_set",
]
