"""The HTTP door of steps that wait for a webhook, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.door import MOST_BYTES, inbox_door
from tests.translate.human.household import Deployment, review_spec, steps_of

SECRET = "open-sesame"
WAIT = {"resumeSource": "webhook", "path": "/bank/answer"}


def hooked(**more: Any) -> dict[str, Any]:
    return {
        "runtime": {"workflowDevkit": {"behavior": "webhookWait", "webhookWait": {**WAIT, **more}}}
    }


class Bank:
    """Somebody who calls the door of one deployed workflow."""

    def __init__(self, deployed: Deployment, address: str) -> None:
        self.deployed = deployed
        self.http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {SECRET}"}, timeout=30
        )

    def post(self, path: str = "/bank/answer", **more: Any) -> httpx.Response:
        return self.http.post(path, **more)

    @property
    def waiting(self) -> int:
        return len(inbox.entries(self.deployed.instance))


@pytest.fixture
def deployed(instance: dg.DagsterInstance, request: pytest.FixtureRequest) -> Deployment:
    fields = getattr(request, "param", {})
    return Deployment.of(review_spec(**{**hooked(), **fields}), instance)


@pytest.fixture
def bank(deployed: Deployment) -> Iterator[Bank]:
    steps = list(deployed.translated.humans.values())
    with listening(inbox_door(steps, deployed.instance, SecretStr(SECRET))) as address:
        yield Bank(deployed, address)


def test_a_request_decides_and_the_workflow_goes_on(bank: Bank) -> None:
    bank.deployed.start()
    task = bank.deployed.waiting()

    answer = bank.post(json={"approved": True})

    assert (answer.status_code, answer.json()) == (202, {"task": task.id})
    (continued,) = bank.deployed.tick()
    assert steps_of(continued) == ["a", "review", "b", "d"]
    again = bank.post(json={"approved": False})
    assert again.status_code == 409
    assert bank.deployed.tick() == []


def test_nobody_without_the_secret_is_believed(bank: Bank) -> None:
    bank.deployed.start()
    for shown in ("", "Bearer wrong", SECRET, "Bearer"):
        answer = bank.post(json={}, headers={"Authorization": shown})
        assert answer.status_code == 401
        assert SECRET not in answer.text
    assert bank.waiting == 1


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/other", {"json": {}}, 404),
        ("/bank/answer", {"content": b"{"}, 400),
        ("/bank/answer", {"content": b"\xff"}, 400),
        ("/bank/answer", {"content": b'{"n": NaN}'}, 400),
        ("/bank/answer", {"content": b"[" * 100_000}, 400),
        ("/bank/answer", {"content": b" " * (MOST_BYTES + 1)}, 413),
        ("/bank/answer", {"json": {}, "params": {"task": "another"}}, 409),
    ],
)
def test_what_is_wrong_is_said_and_leaves_the_task(
    bank: Bank, path: str, sent: dict[str, Any], status: int
) -> None:
    bank.deployed.start()
    answer = bank.post(path, **sent)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert bank.waiting == 1


def test_another_method_is_another_door(bank: Bank) -> None:
    bank.deployed.start()
    answer = bank.http.get("/bank/answer")
    assert answer.status_code == 404
    assert "POST /bank/answer" in answer.json()["error"]


def test_of_several_runs_one_is_named(bank: Bank) -> None:
    bank.deployed.start()
    bank.deployed.start()
    first, second = (entry.task.id for entry in inbox.entries(bank.deployed.instance))
    unclear = bank.post(json={})
    assert unclear.status_code == 409
    assert first in unclear.text
    assert bank.post(json={}, params={"task": second}).json() == {"task": second}
    assert bank.post(json={}).json() == {"task": first}


def test_of_requests_at_once_one_decides(bank: Bank) -> None:
    bank.deployed.start()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: bank.post(json={"approved": n % 2 == 0}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert len(bank.deployed.tick()) == 1


_GUARD = {"guard": {"type": "expression", "value": "!input || input.approved"}}


@pytest.mark.parametrize("deployed", [_GUARD], indirect=True)
def test_a_guard_rejects_an_answer_and_takes_the_next(bank: Bank) -> None:
    bank.deployed.start()
    answer = bank.post(json={"approved": False})
    assert answer.status_code == 422
    assert "guard" in answer.json()["error"]
    assert bank.post(json={"approved": True}).status_code == 202


@pytest.mark.parametrize("deployed", [hooked(path="bank/answer/", method="GET")], indirect=True)
def test_a_get_answers_with_its_query(bank: Bank) -> None:
    bank.deployed.start()
    answer = bank.http.get("/bank/answer", params={"approved": "yes"})
    assert answer.status_code == 202
    (continued,) = bank.deployed.tick()
    assert steps_of(continued) == ["a", "review", "c", "d"]


def test_a_step_without_a_path_has_one_of_its_own(instance: dg.DagsterInstance) -> None:
    config = {"behavior": "webhookWait", "webhookWait": {"resumeSource": "webhook"}}
    deployed = Deployment.of(review_spec(runtime={"workflowDevkit": config}), instance)
    (human,) = deployed.translated.humans.values()
    assert str(human.door.webhook) == f"POST /{deployed.translated.name}/review"
