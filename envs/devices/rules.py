"""The program that a control cabinet runs: rules that a person can read, in a file on its computer.

One rule a line; blank lines and everything after `#` are ignored. The file is read again at each signal:

    # what the station does when an input line changes
    when red_button is pressed then set motor_power off after 2
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from envs.devices.computer import Computer

_RULE: Final = re.compile(
    r"when (?P<line>\S+) is (?P<state>\S+) then set (?P<output>\S+) (?P<value>\S+)"
    r"(?: after (?P<delay>\d{1,9}(?:\.\d{1,9})?) ?(?:s|seconds?)?)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """When `line` comes to `state`, `output` is set to `value` after `delay_s` seconds."""

    line: str
    state: str
    output: str
    value: str
    delay_s: float


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A line of the file that is no rule. Lines count from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class PendingOutput:
    """An output to be set at world time `due_s`."""

    output: str
    value: str
    due_s: float


class RuleProgram:
    """The rules in the file at `path` of `computer`, carried out while a process called `process` runs there."""

    def __init__(self, computer: Computer, path: str, process: str) -> None:
        self._computer = computer
        self._path = path
        self._process = process

    @property
    def is_running(self) -> bool:
        """Whether the process exists and is not paused."""
        return self._computer.process(self._process) is not None

    def on_signal(self, line: str, state: str, time_s: float) -> tuple[PendingOutput, ...]:
        """Outputs to be set because input `line` came to `state` at `time_s`, in the order of the file."""
        if not self.is_running:
            return ()
        return tuple(
            PendingOutput(rule.output, rule.value, time_s + rule.delay_s)
            for rule in self.rules()
            if rule.line == line.lower() and rule.state == state.lower()
        )

    def would_fire(self, line: str, state: str, output: str, value: str, *, max_delay_s: float | None = None) -> bool:
        """Whether `line` coming to `state` would leave `output` at `value`, for good, within `max_delay_s`.

        A rule that sets the output to something else later undoes an earlier one. Rules for other signals are not
        looked at: ask about those signals too.
        """
        pending = [p for p in self.on_signal(line, state, 0.0) if p.output == output.lower()]
        settled_s: float | None = None
        for setting in sorted(pending, key=lambda p: p.due_s):
            if setting.value != value.lower():
                settled_s = None
            elif settled_s is None:
                settled_s = setting.due_s
        return settled_s is not None and (max_delay_s is None or settled_s <= max_delay_s)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of the file as it is now, names in lower case; none when it cannot be read."""
        return tuple(rule for _, text in self._lines() if (rule := parse_rule(text)) is not None)

    def problems(self) -> tuple[RuleProblem, ...]:
        """Lines that are neither rule nor comment."""
        return tuple(RuleProblem(number, text) for number, text in self._lines() if parse_rule(text) is None)

    def _lines(self) -> list[tuple[int, str]]:
        """Numbered lines that say something, comments and needless blanks taken off."""
        process = self._computer.process(self._process)
        text = self._computer.text(self._path, process.owner if process else "root")
        stripped = [" ".join(line.partition("#")[0].split()) for line in (text or "").split("\n")]
        return [(number, line) for number, line in enumerate(stripped, 1) if line]


def parse_rule(text: str) -> Rule | None:
    """Rule in one line without comment and needless blanks, or None."""
    match = _RULE.fullmatch(text)
    if match is None:
        return None
    line, state, output, value, delay = (group.lower() for group in match.groups(default="0"))
    return Rule(line, state, output, value, float(delay))
