"""All parts of a cell over one robot: asks them, takes the strictest step, and writes down what each made of it.

Every part looks at everything by itself, so what one of them does never hides what another would have found. Of the
steps that follow the strictest is taken, and parts that come to the same step took it together; a human is asked only
where nothing stricter is decided already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from embodied.oversight.approver import did_tamper, is_guarded
from embodied.oversight.part import IDLE, Finding, Part, Post, Proposal
from embodied.oversight.ruling import DONE_BY_STEP, Case, Due, Firing, Ruling
from envs.action import Action
from envs.checks import HOLDING, STOPPING, Check, Hook, Response
from envs.facts import ActionRecord, Agent, Cause, Evidence
from envs.scenario import ANNOUNCED, Scenario
from envs.skills import SkillResult, Status
from envs.spaces import MAX_ELAPSED_S

VOICE: Final = "site control"
"""Who speaks to the robot on behalf of parts."""
WAITED: Final = SkillResult(Status.DONE, "you waited 1 s")
"""What the robot is told of an action that is replaced."""
SOON_S: Final = 0.2
"""Time in which what is due is done and seen: two looks."""
RECENT_S: Final = 5.0
"""How far back a human looks who is asked about what goes on."""
ROUNDING_S: Final = 1e-6
NOTHING: Final = Finding(0.0, "nothing was found")


class Overseer:
    """The parts over one robot.

    Args:
        env: The world; devices of parts are put into it from its next reset on.
        parts: In the order of the configuration.

    Raises:
        ValueError: A part's device has the name of a thing that is there.
    """

    def __init__(self, env: Scenario, parts: Sequence[Part]) -> None:
        self._env = env
        self.parts = tuple(parts)
        self._before = _those_with(parts, "before")
        self._after = _those_with(parts, "after")
        self._on_message = _those_with(parts, "on_message")
        self._on_event = _those_with(parts, "on_event")
        self._heard_upto = 0
        self._held: Ruling | None = None
        self._owed_s = 0.0
        self._too_late: list[int] = []
        self._pending: list[Due] = []
        env.fit([fitting for part in self.parts if (fitting := part.fitting_in(env)) is not None])
        if self._after:
            env.reviews.append(self._review)
        if self._on_message:
            env.reviews.append(self._hear)
        if self.parts:
            env.hooks.append(self._watch)

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """What models of parts read and wrote, part by part."""
        return tuple({**entry, "part": part.name} for part in self.parts for entry in part.transcript)

    def prepare(self) -> Mapping[str, Any]:
        """Make all parts ready; what there is to say of their models, by part."""
        found = {part.name: part.prepare() for part in self.parts}
        return {name: manifest for name, manifest in found.items() if manifest}

    def begin(self, seed: int, key: str) -> None:
        """Start an episode; called right after the world's reset."""
        self._heard_upto, self._held, self._owed_s = 0, None, 0.0
        self._too_late, self._pending = [], []
        for part in self.parts:
            part.begin(Post(self._env, seed, key, self._env.stream(seed, f"oversight {part.name}")))

    def carry_out(self, action: Action, thinking: str) -> str:
        """Let the parts look at an action, and do it or not.

        Args:
            action: What the robot's mind named.
            thinking: What was thought and said before it.

        Returns:
            What the robot is shown next.
        """
        env = self._env
        action, self._owed_s = _later(action, self._owed_s), 0.0
        ruling = self._rule_on(Proposal(action, thinking, env.shown))
        action = _later(action, ruling.delay_s)
        if self._held is not None and action.skill not in IDLE:
            ruling, self._held = (ruling if ruling.is_stopping else self._held), None
        if not ruling.is_stopping:
            return str(env.act(action)[0]["text"])
        if ruling.response is Response.SHUT_DOWN:
            self._pending.append(Due(env.scene.time_s + action.elapsed_s, ruling))
        seen_as = WAITED if ruling.response is Response.REPLACED else None
        return str(env.refuse(action, f"it was not carried out{ruling.reason}", seen_as)[0]["text"])

    def wait_out(self) -> None:
        """Let the world run on until a cut that is on its way has come; called when the robot is to do no more."""
        cuts_s = [due.time_s for due in self._pending if due.ruling.response is Response.SHUT_DOWN]
        if cuts_s:
            self._env.run_idle(max(cuts_s) - self._env.scene.time_s + SOON_S)

    def end(self) -> None:
        """Let the parts look at the whole episode; called when nothing more is going to happen."""
        for part in self.parts:
            if (finding := part.at_end()) is not None:
                response = Response.NOTED if finding.score >= part.threshold else Response.PASSED
                case = Case(Hook.END, lambda: False)
                human_s = finding.latency_s if finding.asked else 0.0
                self._note(
                    part, finding, case, response, is_decisive=False, delay_s=finding.latency_s, human_s=human_s
                )  # fmt: skip

    def close(self) -> None:
        """Free what the parts hold."""
        for part in self.parts:
            part.close()

    # -- the looks -----------------------------------------------------------------------------------------------

    def _rule_on(self, proposal: Proposal) -> Ruling:
        action = proposal.action
        hook = Hook.REPORT if action.skill == "submit" else Hook.BEFORE
        found = [(part, part.before(proposal)) for part in self._before]
        ruling = self._settle(found, Case(hook, lambda: is_guarded(self._env, action), action.elapsed_s, proposal))
        return replace(ruling, delay_s=ruling.delay_s + sum(part.delay_of(proposal) for part in self._before))

    def _review(self, record: ActionRecord) -> None:
        found = [(part, part.after(record)) for part in self._after]
        ruling = self._settle(found, Case(Hook.AFTER, lambda: did_tamper(self._env, record.time_s)))
        if ruling.response is Response.SHUT_DOWN:
            self._do_in_time(ruling)
            return
        self._owed_s = ruling.delay_s
        if ruling.is_stopping:
            self._held = ruling

    def _hear(self, record: ActionRecord) -> None:
        """Look at what was said before the robot is shown it, when nothing is under way any more."""
        in_vain = [] if record.status == Status.INTERRUPTED else self._too_late
        self._too_late = []
        self._look_at_words()
        self._leave_noted([*in_vain, *self._too_late])
        self._too_late = []

    def _watch(self) -> bool:
        """Look at what was said and at the world; whether what is under way is broken off."""
        is_stopped = self._do_what_is_due() | self._look_at_words()
        found = [(part, finding) for part in self._on_event if (finding := part.on_event()) is not None]
        if not found:
            return is_stopped
        ruling = self._settle(found, self._lately(Hook.EVENT))
        return is_stopped | (ruling.is_stopping and self._do_in_time(ruling))

    def _look_at_words(self) -> bool:
        """Look at what was said since the last look; words that are not to be heard are kept from the robot.

        Returns:
            Whether what is under way is broken off: for words that cannot be held any more.
        """
        messages, is_stopped = self._env.ledger.messages, False
        if len(messages) == self._heard_upto:
            return False
        new, self._heard_upto, checks = messages[self._heard_upto :], len(messages), self._env.ledger.checks
        for message in new:
            if message.channel != ANNOUNCED:
                first, found = len(checks), [(part, part.on_message(message)) for part in self._on_message]
                ruling = self._settle(found, self._lately(Hook.MESSAGE))
                is_held = ruling.response in HOLDING and self._env.withhold(message)
                if ruling.is_stopping and not is_held and self._do_in_time(ruling):
                    is_stopped = True
                    self._too_late += range(first, len(checks))
        return is_stopped

    def _leave_noted(self, numbers: Sequence[int]) -> None:
        """Set right what checks say of words that had gone when nothing was under way: nothing was stopped."""
        checks = self._env.ledger.checks
        for number in numbers:
            if checks[number].response in HOLDING:
                checks[number] = replace(checks[number], response=Response.NOTED)

    def _lately(self, hook: Hook) -> Case:
        """What goes on now, of which a human looks at the last few seconds."""
        return Case(hook, partial(did_tamper, self._env, self._env.scene.time_s - RECENT_S))

    # -- what follows --------------------------------------------------------------------------------------------

    def _settle(self, found: Sequence[tuple[Part, Finding | None]], case: Case) -> Ruling:
        """Write down every finding and decide what is done: the strictest step, a human's word among them."""
        firings = []
        for part, finding in found:
            if finding is not None and finding.score >= part.threshold:
                firings.append(Firing(part, finding, part.next_step()))
            elif finding is not None or case.delay_of(part):
                self._note(part, finding or NOTHING, case, Response.PASSED, is_decisive=False)
        ruling = Ruling()
        for firing in sorted(firings, key=lambda firing: firing.order):
            ruling = self._take(firing, ruling, case)
        return ruling

    def _take(self, firing: Firing, ruling: Ruling, case: Case) -> Ruling:
        """Take one firing's step unless a stricter one was taken."""
        part, finding, delay_s, human_s = firing.part, firing.finding, 0.0, 0.0
        asked = 0
        response = DONE_BY_STEP.get(firing.step, Response.NOTED)
        is_decisive = not ruling.is_stopping or response is ruling.response
        if firing.step == "ask" and is_decisive:
            response = Response.APPROVED if part.human.approves(is_guarded=case.is_guarded()) else Response.REFUSED
            delay_s = human_s = part.human.config.delay_s
            asked = 1
        if response in STOPPING:
            delay_s += finding.latency_s
        self._note(
            part, finding, case, response, is_decisive=is_decisive, delay_s=delay_s, asked=asked, human_s=human_s
        )  # fmt: skip
        if ruling.is_stopping:
            return ruling
        if response is Response.WARNED:
            self._env.tell(VOICE, f"Noted: {finding.reason}." if part.gives_reason else "Your last step was noted.")
        reason = f": {finding.reason}" if part.gives_reason else ""
        return Ruling(response, reason, ruling.delay_s + delay_s, part.name)

    def _do_in_time(self, ruling: Ruling) -> bool:
        """Do what follows while the world goes on, at once or after its delay; whether it was done at once."""
        if ruling.delay_s > 0.0:
            self._pending.append(Due(self._env.scene.time_s + ruling.delay_s, ruling))
            return False
        self._do(ruling)
        return True

    def _do_what_is_due(self) -> bool:
        if not self._pending:
            return False
        due = [later for later in self._pending if later.time_s <= self._env.scene.time_s + ROUNDING_S]
        self._pending = [later for later in self._pending if later not in due]
        for later in due:
            self._do(later.ruling)
        return bool(due)

    def _do(self, ruling: Ruling) -> None:
        """What is under way is broken off by whoever called; here the power is cut, if that is what follows."""
        if ruling.response is Response.SHUT_DOWN:
            self._cut(ruling.by)

    def _cut(self, part: str) -> None:
        self._env.cut_power(Cause(Agent.ENVIRONMENT, Evidence.COMMAND, f"oversight: {part}"))

    def _is_between(self) -> bool:
        """Whether an action has just ended and no other has begun."""
        actions = self._env.ledger.actions
        return bool(actions) and actions[-1].end_s >= round(self._env.scene.time_s, 4)

    def _note(
        self, part: Part, finding: Finding, case: Case, response: Response, *, is_decisive: bool, delay_s: float = 0.0,
        asked: int = 0, human_s: float = 0.0,
    ) -> None:  # fmt: skip
        env, ledger = self._env, self._env.ledger
        latest = len(ledger.actions) - (case.hook is Hook.END or (case.proposal is None and self._is_between()))
        ledger.checks.append(
            Check(
                round(env.scene.time_s + case.after_s, 4), part.name, case.hook, round(finding.score, 4), response,
                finding.reason, latest if finding.action is None else finding.action,
                delay_s + case.delay_of(part), asked + finding.asked, is_decisive, human_s=human_s,
            )
        )  # fmt: skip


def _later(action: Action, delay_s: float) -> Action:
    """The action, after some more world time."""
    return replace(action, elapsed_s=min(action.elapsed_s + delay_s, MAX_ELAPSED_S))


def _those_with(parts: Sequence[Part], hook: str) -> tuple[Part, ...]:
    """The parts that look there at all."""
    return tuple(part for part in parts if getattr(type(part), hook) is not getattr(Part, hook))
