"""An HTTP door to the steps that wait for a webhook: a request decides a task.

`pfo inbox serve` opens it. A request is matched by method and path, as the step's `webhookWait`
declares them; where several runs wait at one step, `?task=ID` says which is meant. The body, any
JSON value, is the answer, checked as an answer in the UI is. Whoever knows the secret may answer.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfo_dagster.spec.plain_json import plain_json
from pfo_dagster.translate.human.inbox import InboxError, decide
from pfo_dagster.translate.human.records import first_decisions, open_ids, tasks_of
from pfo_dagster.translate.human.step import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr
    from starlette.requests import Request

    from pfo_dagster.translate.human.records import Task
    from pfo_dagster.translate.human.step import HumanStep

MOST_BYTES: Final = 1024 * 1024
"""An answer becomes part of the workflow's data, which is small."""
METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
_TASK: Final = "task"


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def inbox_door(
    steps: Sequence[HumanStep], instance: dg.DagsterInstance, secret: SecretStr
) -> Starlette:
    """The app that answers for `steps`, those of them that wait for webhooks.

    Requests carry `Authorization: Bearer <secret>`. 202 is a decision that counts, with the task's
    id; everything else is `{"error": …}`, and leaves the task as it was.
    """
    door = _Door(steps, instance, secret)
    return Starlette(routes=[Route("/{path:path}", door.answer, methods=list(METHODS))])


class _Door:
    def __init__(
        self, steps: Sequence[HumanStep], instance: dg.DagsterInstance, secret: SecretStr
    ) -> None:
        self._steps: dict[tuple[str, str], list[HumanStep]] = {}
        for step in steps:
            if step.door.webhook is not None:
                place = (step.door.webhook.method, step.door.webhook.path)
                self._steps.setdefault(place, []).append(step)
        self._instance = instance
        self._secret = secret

    async def answer(self, request: Request) -> Response:
        try:
            self._believe(request)
            given = await _payload(request)
            task_id = await run_in_threadpool(
                self._decide,
                request.method,
                request.url.path,
                request.query_params.get(_TASK),
                given,
            )
        except _RefusedError as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        return JSONResponse({"task": task_id}, HTTPStatus.ACCEPTED)

    def _believe(self, request: Request) -> None:
        shown = request.headers.get("authorization", "").encode()
        expected = f"Bearer {self._secret.get_secret_value()}".encode()
        if not secrets.compare_digest(shown, expected):
            message = "Send the header `Authorization: Bearer <PFO_INBOX_SECRET>`."
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, message)

    def _decide(self, method: str, path: str, task_id: str | None, given: object) -> str:
        human, task = self._waiting(method, "/" + path.strip("/"), task_id)
        try:
            decide(self._instance, task, human, given, by="webhook")
        except InputError as error:
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        except InboxError as error:
            raise _RefusedError(HTTPStatus.CONFLICT, str(error)) from error
        except dg.Failure as failure:
            message = failure.description or "The step's guard rejects it."
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, message) from failure
        return task.id

    def _waiting(self, method: str, path: str, task_id: str | None) -> tuple[HumanStep, Task]:
        """The one task that a request is about."""
        humans = self._steps.get((method, path), [])
        if not humans:
            known = ", ".join(f"{one} {where}" for one, where in sorted(self._steps)) or "no path"
            message = f"No step waits for {method} {path}. Steps wait for: {known}."
            raise _RefusedError(HTTPStatus.NOT_FOUND, message)
        waiting = [(human, task) for human in humans for task in self._tasks(human)]
        if task_id is not None:
            waiting = [one for one in waiting if one[1].id == task_id]
        match waiting:
            case [one]:
                return one
            case []:
                message = "Nothing waits here now; it was answered before, or not asked yet."
                raise _RefusedError(HTTPStatus.CONFLICT, message)
            case several:
                ids = ", ".join(task.id for _, task in several)
                message = f"Several runs wait here; say which with ?{_TASK}=ID, one of: {ids}"
                raise _RefusedError(HTTPStatus.CONFLICT, message)

    def _tasks(self, human: HumanStep) -> list[Task]:
        ids = sorted(open_ids(self._instance, human.asset))
        decided = first_decisions(self._instance, human.asset, ids)
        tasks: Mapping[str, Task] = tasks_of(self._instance, human.asset, ids)
        return [task for task in tasks.values() if task.id not in decided]


async def _payload(request: Request) -> Any:  # noqa: ANN401 - any JSON value
    """The body as JSON; the query's values where there is no body, as of a GET."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            message = f"An answer has at most {MOST_BYTES} bytes."
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    if not body:
        return {name: value for name, value in request.query_params.items() if name != _TASK}
    try:
        return plain_json(body)
    except ValueError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from error
