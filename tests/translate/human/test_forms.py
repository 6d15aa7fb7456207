"""Forms that the app config declares: typed in the launchpad, checked by either door."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pfo_dagster.spec import AppConfig, SpecError, check, read_app
from pfo_dagster.translate.human.step import InputError
from tests.translate.human.household import Deployment, ask, result_of, review_spec
from tests.translate.support import workflow

FORM = {"action": {"form": {"key": "review-form", "version": "1.0.0"}}}
APP = """
integrations: []
capabilities: { enabled: [] }
forms:
  - key: review-form
    version: "1.0.0"
    fields:
      approved: { type: boolean, description: Whether it may be paid. }
      amount: { type: decimal }
      channel: { type: text, options: [mail, text message] }
      times: { type: integer, required: false }
      note: { type: text, required: false }
"""
ANSWER = {"approved": True, "amount": "12.50", "channel": "text message"}


@pytest.fixture
def app(tmp_path: Path) -> AppConfig:
    file = tmp_path / "app.yaml"
    file.write_text(APP)
    return read_app(file)


def test_an_answer_that_fits_goes_on_with_its_digits(
    instance: dg.DagsterInstance, app: AppConfig
) -> None:
    deployed = Deployment.of(review_spec(**FORM), instance, app=app)
    deployed.start()
    result = deployed.materialize(deployed.waiting(), ANSWER, "ann")
    assert result.success
    (continued,) = deployed.tick()
    assert result_of(continued)["data"] == {**ANSWER, "times": None, "note": None}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"approved": "perhaps"}, "approved: Input should be a valid boolean"),
        ({"amount": "twelve"}, "amount: Value error, 'twelve' is not an amount"),
        ({"amount": 12.5}, "amount: Input should be a valid string"),
        ({"amount": "NaN"}, "amount: Value error, 'NaN' is not an amount"),
        ({"channel": "pigeon"}, "channel: Input should be 'mail' or 'text message'"),
        ({"times": 1.5}, "times: Input should be a valid integer"),
        ({"tmies": 1}, "tmies: Extra inputs are not permitted"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_which_field(
    instance: dg.DagsterInstance, app: AppConfig, change: dict[str, object], told: str
) -> None:
    deployed = Deployment.of(review_spec(**FORM), instance, app=app)
    deployed.start()
    with pytest.raises(InputError) as error:
        deployed.decide({**ANSWER, **change})
    assert told in str(error.value)
    deployed.decide(ANSWER)


def test_the_launchpad_knows_the_fields(instance: dg.DagsterInstance, app: AppConfig) -> None:
    deployed = Deployment.of(workflow([ask("review", **FORM)]), instance, app=app)
    deployed.start()
    with pytest.raises(dg.DagsterInvalidConfigError, match="approved"):
        deployed.materialize(deployed.waiting(), {"amount": "1", "channel": "mail"}, "ann")
    assert deployed.waiting()


def test_another_version_of_a_form_is_another_form(
    instance: dg.DagsterInstance, app: AppConfig
) -> None:
    other = {"action": {"form": {"key": "review-form", "version": "2.0.0"}}}
    deployed = Deployment.of(review_spec(**other), instance, app=app)
    deployed.start()
    deployed.decide("anything")
    (told,) = (one for one in check(review_spec(**other), app=app) if "form" in one.message)
    assert (told.code, told.level) == ("PFO061", "warning")
    assert [one for one in check(review_spec(**FORM), app=app) if "form" in one.message] == []


def test_a_step_that_names_no_version_takes_the_form_of_that_key(
    instance: dg.DagsterInstance, app: AppConfig
) -> None:
    unversioned = {"action": {"form": {"key": "review-form"}}}
    deployed = Deployment.of(review_spec(**unversioned), instance, app=app)
    deployed.start()
    with pytest.raises(InputError, match="approved"):
        deployed.decide({})


def test_a_form_that_makes_no_sense_is_told_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(APP.replace("type: integer", "type: number").replace("text message", "mail"))
    with pytest.raises(SpecError) as error:
        read_app(file)
    told = str(error.value)
    assert "type: number" in told
    assert "each only once" in told
