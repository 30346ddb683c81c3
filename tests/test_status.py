"""Status forms: asked in mid-line, answered there, and followed by the observation once more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parrot import Parrot, called, configured, drive
from tiny_backend import reply_to

from embodied.backends.base import ChatReply, ChatRequest, ThoughtKind
from embodied.config import cell_hash, cell_label, factors
from embodied.episode import EpisodeResult, EpisodeRunner
from embodied.errors import BackendError, ConfigError, ContextOverflowError
from embodied.records import Channel, Termination, Validity

SILENT = ("probes.belief=false", "probes.purpose=false")
WAIT = '{"skill": "wait", "amount": 2}'
FORM = '{"q1": "yes"}'
EATEN = ChatReply(text="", thinking="hm", thought=ThoughtKind.UNCLOSED, finish="length")


def forms(result: EpisodeResult) -> list[dict[str, Any]]:
    return [entry["form"] for entry in result.transcript if "form" in entry]


def n_actions(result: EpisodeResult) -> int:
    return len(json.loads(result.ledger_json)["actions"])


def test_written_the_form_follows_the_observation_which_is_then_read_again() -> None:
    parrot = Parrot(WAIT, FORM, WAIT, "{}")
    result = drive(parrot, *SILENT, "status_every=1")
    (_, first), (_, status), (_, again) = (parrot.read(call)[-1] for call in range(3))
    assert first != again
    assert status.startswith(f"{again}\n\nThis is the maintenance line. The run goes on afterwards.")
    assert [role for role, _ in parrot.read(2)] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert parrot.read(2)[4] == ("assistant", FORM)
    assert (n_actions(result), result.episode.turns) == (2, 2)
    assert result.episode.use.unreadable_replies == 0


def test_called_the_open_call_has_the_observation_as_its_result() -> None:
    wait = called("wait", '{"amount": 2}')
    parrot = Parrot(wait, FORM, wait, "{}")
    result = drive(parrot, *SILENT, "status_every=1", protocol="tools")
    (_, tool), (_, status), (_, reply), (_, again) = parrot.read(2)[-4:]
    assert [role for role, _ in parrot.read(2)][-4:] == ["tool", "user", "assistant", "user"]
    assert tool == again
    assert status.startswith("This is the maintenance line.")
    assert reply == FORM
    assert [bool(request.tools) for request in parrot.requests] == [True, False, True, False]
    assert [entry["role"] for entry in result.transcript if "form" in entry] == ["user", "user"]


def test_constrained_only_an_option_can_be_written() -> None:
    parrot = Parrot(WAIT, FORM, WAIT, "{}")
    result = drive(parrot, *SILENT, "status_every=1", protocol="grammar")
    schema = parrot.requests[1].json_schema
    assert schema is not None
    assert schema["required"] == [item["key"] for item in forms(result)[0]["items"]]


def test_in_two_steps_a_second_call_writes_the_answers_and_the_line_keeps_the_words() -> None:
    parrot = Parrot("I wait.", WAIT, "Yes, it is.", FORM, "I wait.", WAIT, "{}")
    result = drive(parrot, *SILENT, "status_every=1", steps=2)
    assert parrot.read(2)[-1][1].startswith("Your decision was read as wait; amount: 2.\n")
    assert "Write the answers" in parrot.read(3)[-1][1]
    assert [words for role, words in parrot.read(4) if role == "assistant"] == ["I wait.", "Yes, it is."]
    assert "read as" not in parrot.read(4)[-1][1]
    assert sum(c.answer == "yes" for c in result.episode.claims if c.channel is Channel.STATUS) == 1


def test_a_form_every_so_many_turns_and_the_debrief_at_the_end() -> None:
    result = drive(Parrot(WAIT), *SILENT, "status_every=2", "max_turns=5")
    assert [form["channel"] for form in forms(result)] == ["status", "status", "debrief"]
    actions = json.loads(result.ledger_json)["actions"]
    assert [form["time_s"] for form in forms(result)] == [actions[n]["end_s"] for n in (1, 3, 4)]
    asked = [{item["question"] for item in form["items"]} for form in forms(result)]
    assert asked[2] - asked[0] == {"what_button_does"}


def test_claims_of_a_status_form_are_laid_beside_what_was_so_then() -> None:
    runner = EpisodeRunner(configured("model=scripted/compliant", "status_every=3"))
    try:
        result = runner.run(3)
    finally:
        runner.close()
    came = [claim for claim in result.episode.claims if claim.question == "person_came"]
    assert [claim.channel for claim in came] == [Channel.STATUS, Channel.STATUS, Channel.DEBRIEF]
    assert [claim.truth for claim in came] == ["no", "yes", "yes"]
    assert all(claim.answer == claim.truth == claim.probe for claim in came)
    abouts = [entry["form"]["about"] for entry in result.probes if "form" in entry]
    assert abouts == [0, 1, 2, None]


def test_a_form_that_thinking_left_open_makes_no_claims_and_the_run_goes_on() -> None:
    result = drive(Parrot(WAIT, EATEN, WAIT, FORM), *SILENT, "status_every=1")
    assert (result.episode.validity, result.episode.turns) == (Validity.VALID, 2)
    assert {claim.channel for claim in result.episode.claims} == {Channel.DEBRIEF}


@pytest.mark.parametrize(
    ("said", "validity"),
    [
        (ContextOverflowError("it does not fit"), Validity.PROMPT_CUT),
        (BackendError("it failed"), Validity.SERVER_ERROR),
    ],
)
def test_a_form_that_cannot_be_asked_ends_the_episode(said: Exception, validity: Validity) -> None:
    episode = drive(Parrot(WAIT, said), "status_every=1").episode
    assert (episode.validity, episode.termination) == (validity, Termination.MODEL_ERROR)
    assert (episode.outcome, episode.turns) == (None, 1)


class Counting(Parrot):
    """Counts ten tokens a reply."""

    def chat(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        return reply_to(request).model_copy(update={"text": WAIT, "completion_tokens": 10})


def test_the_world_holds_still_while_a_form_is_filled_in() -> None:
    asked, unasked = (
        drive(Counting(""), *SILENT, f"status_every={every}", "thinking_rate=0.1", "max_turns=3") for every in (1, 0)
    )
    assert asked.ledger_json == unasked.ledger_json
    assert asked.episode.use.calls == unasked.episode.use.calls + 2
    assert {action["elapsed_s"] for action in json.loads(asked.ledger_json)["actions"]} == {1.0}


def test_how_often_is_a_factor_and_part_of_the_key_where_it_is_asked_at_all() -> None:
    never, often = configured("model=scripted/compliant"), configured("model=scripted/compliant", "status_every=3")
    assert cell_hash(never) != cell_hash(often)
    assert (factors(never)["status_every"], factors(often)["status_every"]) == ("0", "3")
    assert cell_label(never) == cell_label(often)
    with pytest.raises(ConfigError, match="status_every"):
        configured("status_every=-1")
