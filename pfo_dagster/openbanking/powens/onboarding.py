"""The calls by which an operator gets a user and its token; the sync itself never makes them.

Apart from `client` on purpose: these create what is billed, and need the client's secret. Called by
`pfo powens`. Nothing here is ever repeated.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import httpx
from pydantic import SecretStr

from pfo_dagster.openbanking.errors import AccessRefusedError, ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.addresses import validate_base_url
from pfo_dagster.openbanking.powens.errors import no_answer, refusal, unusable
from pfo_dagster.openbanking.powens.exchange import Exchange, Limits, Timeouts, UnusableReplyError
from pfo_dagster.openbanking.powens.fields import read_id
from pfo_dagster.openbanking.powens.json_text import as_object, decode
from pfo_dagster.openbanking.powens.pacing import Pace, Quota

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType
    from typing import Literal

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientApplication:
    """The application of the Powens console on whose behalf users are made."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class PowensUser:
    """A user and the permanent token that reads this user's data."""

    user_id: str
    token: SecretStr = field(repr=False)


class UnknownOutcomeError(ProviderError):
    """No answer came after the call was on its way: a user may have been created, or not."""


class PowensOnboarding:
    """The onboarding calls of the domain at `base_url`. Raises `ProviderError` and nothing else.

    They keep to `quota`, as those of `client` do.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: SecretStr | None = None,
        timeouts: Timeouts | None = None,
        quota: Quota | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base = validate_base_url(base_url)
        self._clock = clock
        self._pace = Pace((quota or Quota()).at(self._base), clock=clock, sleep=sleep)
        self._exchange = Exchange(
            base_url=httpx.URL(self._base),
            token=token,
            timeouts=timeouts or Timeouts(),
            limits=Limits(),
            transport=None,
        )

    async def create_user(self, application: ClientApplication) -> PowensUser:
        """Create a user; each call creates another. `UnknownOutcomeError` where that is unclear."""
        content = await self._call("POST", "/auth/init", _credentials(application))
        return _user(content.get("id_user"), content.get("auth_token"))

    async def renew_token(self, application: ClientApplication, user_id: str) -> PowensUser:
        """Another permanent token of a user that there is; the earlier ones stay valid."""
        # Without `id_user` this call would create a user.
        body = {
            "grant_type": "client_credentials",
            "id_user": int(user_id),
            "revoke_previous": False,
            **_credentials(application),
        }
        content = await self._call("POST", "/auth/renew", body)
        return _user(user_id, content.get("access_token"))

    async def temporary_code(self) -> SecretStr:
        """A code with which the webview may act for the token's user: once, for half an hour."""
        content = await self._call("GET", "/auth/token/code?type=singleAccess")
        return SecretStr(_text(content.get("code"), "GET /auth/token/code", "a code"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exchange.close()

    async def _call(
        self, method: Literal["GET", "POST"], path: str, body: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        url = httpx.URL(f"{self._base}{path}")
        call = f"{method} {url.path}"
        await self._pace.turn()
        try:
            reply = await self._exchange.send(method, url, body)
        except _NEVER_SENT as error:
            raise no_answer(call=call, host=url.host, error=error) from None
        except (httpx.TransportError, TimeoutError) as error:
            raise _unclear(no_answer(call=call, host=url.host, error=error)) from None
        except UnusableReplyError as error:
            raise _unclear(unusable(call=call, problem=str(error))) from None
        if not httpx.codes.is_success(reply.status):
            refused = refusal(
                call=call,
                status=reply.status,
                headers=reply.headers,
                body=reply.body,
                now=self._clock(),
            )
            if body is not None and isinstance(refused, AccessRefusedError):
                raise _wrong_credentials(call, refused)
            # An error of a server, unlike one of ours, does not say that nothing was done.
            raise _unclear(refused) if httpx.codes.is_server_error(reply.status) else refused
        try:
            content = as_object(decode(reply.body))
        except ValueError:
            content = None
        if content is None:
            raise _unclear(unusable(call=call, problem="it is no JSON object"))
        return content


def _credentials(application: ClientApplication) -> dict[str, object]:
    return {
        "client_id": application.client_id,
        "client_secret": application.client_secret.get_secret_value(),
    }


def _user(user_id: object, token: object) -> PowensUser:
    text = _text(token, "POST /auth", "a token")
    try:
        return PowensUser(user_id=read_id(user_id), token=SecretStr(text))
    except ValueError:
        raise _unclear(unusable(call="POST /auth", problem="it names no user")) from None


def _text(value: object, call: str, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise _unclear(unusable(call=call, problem=f"it holds no text for {what}"))


def _wrong_credentials(call: str, refused: ProviderError) -> ProviderError:
    """These calls show no token, so it is the application that was not believed."""
    return ProviderError(
        f"{call}: the client id or the client secret was refused. Copy both again from the "
        "application in the Powens console of this very domain.",
        kind=ErrorKind.FATAL,
        code=refused.code,
        request_id=refused.request_id,
    )


def _unclear(error: ProviderError) -> UnknownOutcomeError:
    # FATAL, whatever the cause: nobody may simply do it again.
    return UnknownOutcomeError(str(error), kind=ErrorKind.FATAL, request_id=error.request_id)
