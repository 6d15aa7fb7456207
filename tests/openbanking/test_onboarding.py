"""The user is created once and only once, whatever the network and the process do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import ProviderError
from pfo_dagster.openbanking.powens.onboarding import (
    ClientApplication,
    PowensOnboarding,
    PowensUser,
)
from pfo_dagster.openbanking.powens.user_once import UserRecord, user_once
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_TOKEN,
    SandboxState,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.server import running
from tests.openbanking.support import NOON, Call, Clock, Reply, held, run, scripted, world_of

SECRET = "secret-CANARY-1b2c"
APPLICATION = ClientApplication(client_id="123", client_secret=SecretStr(SECRET))
CREATED = Reply({"auth_token": "tok", "type": "permanent", "id_user": 17})
DROPPED = Reply(body=b"", headers={"content-length": "9"})


def ask(base_url: str, record: UserRecord, user_id: str | None = None) -> PowensUser:
    async def work() -> PowensUser:
        async with PowensOnboarding(base_url) as onboarding:
            return await user_once(onboarding, APPLICATION, record, now=NOON, known_user_id=user_id)

    return run(work())


@pytest.fixture
def record(tmp_path: Path) -> UserRecord:
    return UserRecord(tmp_path / "data" / "powens-user.json")


def test_a_user_is_created_and_put_on_record(record: UserRecord) -> None:
    with scripted(CREATED) as (base_url, script):
        user = ask(base_url, record)
    assert user.user_id == "17"
    assert user.token.get_secret_value() == "tok"
    assert [call.path for call in script.calls] == ["/2.0/auth/init"]
    assert (record.read() or {})["user_id"] == "17"
    assert (record.path.stat().st_mode & 0o077) == 0
    assert "tok" not in record.path.read_text()


@pytest.mark.parametrize(
    "reply",
    [
        DROPPED,
        Reply({"code": "internalServerError"}, status=500),
        Reply(body=b"<html>", status=503),
        Reply(body=b'{"auth_tok'),
        Reply({"type": "permanent"}),
        Reply({"auth_token": "tok"}),
    ],
)
def test_trap_21_a_user_that_may_have_been_created_is_never_asked_for_again(
    record: UserRecord, reply: Reply
) -> None:
    with scripted(reply) as (base_url, script):
        for _ in range(3):
            with pytest.raises(ProviderError, match="--user-id") as caught:
                ask(base_url, record)
            assert SECRET not in repr(caught.value) + str(caught.value)
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    "damaged", ["", "null", "[]", "\xff", '{"user_id": "me"}', '{"user_id": -1}']
)
def test_a_crash_between_call_and_answer_leaves_the_intention(
    record: UserRecord, damaged: str
) -> None:
    def crash(_call: Call) -> Reply:
        assert record.path.exists(), "on disk before the call"
        return CREATED

    with scripted(crash) as (base_url, script):
        ask(base_url, record)
        # As a process leaves it that is killed on the way, or somebody's editor.
        record.path.write_text(damaged, encoding="latin-1")
        with pytest.raises(ProviderError, match="may have created"):
            ask(base_url, record)
    assert len(script.calls) == 1


def test_a_refusal_created_nobody_and_may_be_repeated(record: UserRecord) -> None:
    refusal = Reply({"code": "forbidden"}, status=403)
    with scripted(refusal, CREATED) as (base_url, script):
        with pytest.raises(ProviderError, match="client id or the client secret was refused"):
            ask(base_url, record)
        assert ask(base_url, record).user_id == "17"
    assert len(script.calls) == 2


def test_where_nobody_listens_nobody_was_created(record: UserRecord) -> None:
    with pytest.raises(ProviderError, match="could not be reached"):
        ask("http://127.0.0.1:9/2.0", record)
    assert record.read() is None


def test_two_processes_at_once_create_one_user(record: UserRecord) -> None:
    record.begin(NOON)
    with scripted(CREATED) as (base_url, script):
        with pytest.raises(ProviderError, match="A user was asked for at 2026-03-18 12:00 UTC"):
            ask(base_url, record)
        assert script.calls == []
    with pytest.raises(FileExistsError):
        record.begin(NOON)


def test_a_known_user_gets_another_token_and_no_user_is_created(record: UserRecord) -> None:
    world = world_of(held(1, "5"))
    app = sandbox_app(world=world, clock=Clock(), state=SandboxState())
    application = ClientApplication(
        client_id=SANDBOX_CLIENT_ID, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
    )

    async def work(**known: Any) -> PowensUser:
        async with PowensOnboarding(base_url) as onboarding:
            return await user_once(onboarding, application, record, now=NOON, **known)

    with running(app) as base_url:
        record.begin(NOON)  # An attempt whose outcome is unknown, and the console shows user 1.
        assert run(work(known_user_id="1")).token.get_secret_value() == SANDBOX_TOKEN
        assert app.state.onboarding.users_created == 0
        assert run(work()).user_id == "1"
        with pytest.raises(ProviderError, match=r"has no user 2\. The Powens console lists"):
            run(work(known_user_id="2"))
        record.finish("3")  # One that was deleted at Powens since.
        with pytest.raises(
            ProviderError, match=r"no user 3\. It is on record in .*: if it was del"
        ):
            run(work())
        assert app.state.onboarding.users_created == 0
        record.withdraw()
        assert run(work()).user_id == "1"
        assert app.state.onboarding.users_created == 1


def test_each_domain_has_its_own_record(tmp_path: Path) -> None:
    one = UserRecord.of(tmp_path, "https://acme.biapi.pro/2.0")
    other = UserRecord.of(tmp_path, "https://acme-sandbox.biapi.pro/2.0")
    local = UserRecord.of(tmp_path, "http://127.0.0.1:8910/2.0")
    assert len({one.path, other.path, local.path}) == 3
    one.finish("5")
    assert json.loads(one.path.read_text()) == {"user_id": "5"}


def test_a_temporary_code_is_for_one_visit(record: UserRecord) -> None:
    with scripted(Reply({"code": "abc", "expires_in": 1800})) as (base_url, script):

        async def work() -> SecretStr:
            async with PowensOnboarding(base_url, token=SecretStr("tok")) as onboarding:
                return await onboarding.temporary_code()

        code = run(work())
    assert code.get_secret_value() == "abc"
    [call] = script.calls
    assert (call.path, call.query) == ("/2.0/auth/token/code", "type=singleAccess")
    assert call.headers["authorization"] == "Bearer tok"
