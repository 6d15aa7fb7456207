"""What waits on disk between a webhook's answer and Dagster's storage is a signal, and no data."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from pfo_dagster.automation.spool import Spool
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.resources import utc_now
from tests.privacy.bank import CANARIES, HOOK_SECRET
from tests.privacy.receiving import send
from tests.privacy.searching import findings


def test_nothing_planted_is_in_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "webhooks")
    settings = ReceiverSettings(secret=SecretStr(HOOK_SECRET), user_id="1")
    with listening(receiver_app(settings, keep=spool.add, clock=utc_now)) as address:
        statuses = [send(address, number) for number in range(8)]
    assert statuses.count(200) == len(spool.waiting()) == 6
    assert findings(tmp_path, CANARIES) == []
