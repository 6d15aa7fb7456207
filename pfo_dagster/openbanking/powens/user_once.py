"""Creating the Powens user once and only once, whatever crashes in between.

Each `POST /auth/init` makes another user, who is billed. So the intention is on disk before the
call is made; where it stands without a user, nobody knows what became of the call, and only a look
into the Powens console can tell.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.addresses import address_label
from pfo_dagster.openbanking.powens.fields import read_id
from pfo_dagster.openbanking.powens.json_text import as_object
from pfo_dagster.openbanking.powens.onboarding import UnknownOutcomeError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pfo_dagster.openbanking.powens.onboarding import (
        ClientApplication,
        PowensOnboarding,
        PowensUser,
    )


@dataclass(frozen=True, slots=True)
class UserRecord:
    """The file that says whether a domain has our user: nothing, an intention, or the user's id."""

    path: Path

    @classmethod
    def of(cls, folder: Path, base_url: str) -> UserRecord:
        """The record of the domain at `base_url`."""
        label = re.sub(r"[^a-z0-9]+", "-", address_label(base_url))
        return cls(folder / f"powens-user-{label}.json")

    def read(self) -> dict[str, str] | None:
        """`{"asked_at": …}`, with `user_id` once it is known; None where nothing was ever asked."""
        try:
            written = as_object(json.loads(self.path.read_bytes())) or {}
        except FileNotFoundError:
            return None
        except ValueError:
            written = {}
        # Half a record, or a damaged one, is one: it was begun.
        record = {"asked_at": str(written.get("asked_at") or "an unknown time")}
        with suppress(ValueError):
            record["user_id"] = read_id(written.get("user_id"))
        return record

    def begin(self, now: datetime) -> None:
        """Put down the intention; raises `FileExistsError` where another process was quicker."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(self.path, {"asked_at": f"{now:%Y-%m-%d %H:%M} UTC"}, os.O_EXCL)

    def finish(self, user_id: str) -> None:
        """Put down which user it became."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.path.with_suffix(".tmp")
        self._write(beside, {**(self.read() or {}), "user_id": user_id}, os.O_TRUNC)
        beside.replace(self.path)

    def withdraw(self) -> None:
        """Forget the intention: nothing was created."""
        self.path.unlink(missing_ok=True)

    def _write(self, path: Path, content: dict[str, str], flag: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())


async def user_once(
    onboarding: PowensOnboarding,
    application: ClientApplication,
    record: UserRecord,
    *,
    now: datetime,
    known_user_id: str | None = None,
) -> PowensUser:
    """The domain's user with a permanent token: created if there never was one.

    For a user on record, or known to the caller, another token is asked for, which creates nothing.
    Raises `ProviderError`, in words that say what to do where it is unclear whether a user exists.
    """
    known = record.read()
    user_id = known_user_id or (known or {}).get("user_id")
    if user_id is not None:
        try:
            user = await onboarding.renew_token(application, user_id)
        except ProviderError as error:
            if error.code != "notFound":
                raise
            raise _no_such_user(user_id, record, named=known_user_id is not None) from None
        record.finish(user.user_id)
        return user
    if known is not None:
        raise _unclear(f"A user was asked for at {known['asked_at']}, and no answer is on record.")
    try:
        record.begin(now)
    except FileExistsError:
        raise _unclear("Another process has just asked for a user.") from None
    try:
        user = await onboarding.create_user(application)
    except UnknownOutcomeError as error:
        raise _unclear(f"{error} Not this call, though.") from None
    except ProviderError:
        record.withdraw()
        raise
    record.finish(user.user_id)
    return user


def _no_such_user(user_id: str, record: UserRecord, *, named: bool) -> ProviderError:
    remedy = (
        "The Powens console lists those that it has. Without --user-id, the one on record is taken,"
        " or one is created."
        if named
        else f"It is on record in {record.path}: if it was deleted at Powens, delete that file, and"
        " run this again to create another. Or name one that is there with --user-id."
    )
    return ProviderError(f"This domain has no user {user_id}. {remedy}", kind=ErrorKind.FATAL)


def _unclear(what_happened: str) -> ProviderError:
    return ProviderError(
        f"{what_happened} It may have created a user, and asking again would create (and bill) "
        "another. Look at the users in the Powens console: if there is a new one, run this again "
        "with --user-id and its number; if there is none, with --none-was-created.",
        kind=ErrorKind.FATAL,
    )
