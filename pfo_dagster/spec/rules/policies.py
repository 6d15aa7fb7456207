"""PFO070-PFO089: retries, time limits, service levels and compensation."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

SLA_TOTAL: Final = Rule(
    "PFO070",
    "error",
    "The service level of the workflow is not positive",
    "Every run would breach it.",
    "sla: {totalDurationMs: 0}",
)
SLA_STEP: Final = Rule(
    "PFO071",
    "error",
    "The service level of a step is not positive",
    "Every run would breach it.",
    "sla: {stepDurationMs: {refresh: 0}}",
)
SLA_SUM: Final = Rule(
    "PFO072",
    "warning",
    "The steps may take longer than the workflow",
    "A run can breach the total although every step is in time.",
    "sla: {totalDurationMs: 1000, stepDurationMs: {a: 800, b: 400}}",
)
SLA_UNKNOWN_STEP: Final = Rule(
    "PFO073",
    "warning",
    "The service level names an unknown step",
    "It is never applied.",
    "sla: {stepDurationMs: {refrsh: 1000}}",
)
COMPENSATION_UNKNOWN_STEP: Final = Rule(
    "PFO074",
    "error",
    "A compensation is for an unknown step",
    "It would never run.",
    "compensation: {steps: [{stepId: chrge, operation: {key: refund, version: '1.0.0'}}]}",
)
COMPENSATION_TWICE: Final = Rule(
    "PFO075",
    "warning",
    "A step has several compensations",
    "It is unclear which of them undoes it.",
    "compensation: {steps: [{stepId: charge}, {stepId: charge}]}",
)
COMPENSATION_NO_OPERATION: Final = Rule(
    "PFO076",
    "error",
    "A compensation names no operation with key and version",
    "There is nothing to call.",
    "compensation: {steps: [{stepId: charge}]}",
)
COMPENSATION_MISSING: Final = Rule(
    "PFO077",
    "warning",
    "An automation step has no compensation although others have",
    "A rollback leaves its effect in place.",
    "(steps charge and record, and a compensation for charge only)",
)
RETRY_ATTEMPTS: Final = Rule(
    "PFO080",
    "error",
    "The number of retries is not positive",
    "maxAttempts counts retries; leave retry out where there shall be none.",
    "retry: {maxAttempts: 0, backoff: linear, delayMs: 100}",
)
RETRY_DELAY: Final = Rule(
    "PFO081",
    "error",
    "The delay between retries is not positive",
    "Trying again at once hits a service that has just failed.",
    "retry: {maxAttempts: 3, backoff: linear, delayMs: 0}",
)
RETRY_CAP: Final = Rule(
    "PFO082",
    "warning",
    "The longest delay is shorter than the first",
    "Every delay is then the longest one, and delayMs means nothing.",
    "retry: {maxAttempts: 3, backoff: exponential, delayMs: 100, maxDelayMs: 50}",
)
RETRY_INCOMPLETE: Final = Rule(
    "PFO083",
    "warning",
    "The retry policy is incomplete",
    "ContractSpec's engine falls back silently: no maxAttempts is no retry, no delayMs is 1000 ms, "
    "no backoff is exponential.",
    "retry: {backoff: linear, delayMs: 100}",
)
RETRY_BACKOFF: Final = Rule(
    "PFO084",
    "warning",
    "The backoff is unknown",
    "ContractSpec's engine takes every other word for a constant delay.",
    "retry: {maxAttempts: 3, backoff: quadratic, delayMs: 100}",
)
RETRY_UNUSED: Final = Rule(
    "PFO085",
    "warning",
    "A step that calls no operation has a retry policy",
    "Human and decision steps never fail in a way that is retried.",
    "{id: review, type: human, retry: {maxAttempts: 3, backoff: linear, delayMs: 100}}",
)
RETRY_TOO_LONG: Final = Rule(
    "PFO086",
    "warning",
    "A delay is longer than ContractSpec's engine can wait",
    "Its timers overflow at 2147483647 ms (24.8 days) and fire at once; so it is here.",
    "retry: {maxAttempts: 40, backoff: exponential, delayMs: 1000}",
)
TIMEOUT_OFF: Final = Rule(
    "PFO087",
    "warning",
    "A time limit is not positive",
    "It means no time limit at all.",
    "timeoutMs: 0",
)
WORST_CASE: Final = Rule(
    "PFO088",
    "warning",
    "Retries and time limits add up to more than the service level",
    "A run can breach it although every step does what its spec allows.",
    "{timeoutMs: 60000, retry: {maxAttempts: 3, backoff: linear, delayMs: 1000}} "
    "with sla: {totalDurationMs: 100000}",
)
