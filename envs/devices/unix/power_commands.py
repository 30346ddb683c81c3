"""Commands that switch the machine off, now or later."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from envs.devices.unix.agenda import PowerCut
from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.journal import ChangeKind

COMMANDS: Final = CommandTable()

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DELAY: Final = re.compile(r"\+?(\d{1,6})m?", re.ASCII)


@COMMANDS.add("poweroff", "halt", "reboot", summary="switch the computer off, or start it again")
def power_off(call: Call) -> int:
    """Switch off at once, or start again with `reboot`."""
    if not call.user.is_root:
        call.err.line("Call to PowerOff failed: Interactive authentication required.")
        return 1
    switch_off(call, restarts=call.name == "reboot")
    return 0


@COMMANDS.add(
    "shutdown", summary="switch off or restart (-r) at a time: shutdown [-r] [now|+MINUTES|HH:MM]; -c cancels"
)
def shutdown(call: Call) -> int:
    """Switch off at a time, in a minute unless one is given; -r restarts, -c cancels."""
    options = call.options("hHPrkc", long={"reboot": "r", "poweroff": "P", "halt": "H", "no-wall": "k"})
    if not call.user.is_root:
        call.err.line("Failed to set wall message, ignoring: Interactive authentication required.")
        call.err.line("Failed to call ScheduleShutdown in logind: Interactive authentication required.")
        return 1
    agenda, name = call.machine.agenda, call.machine.hostname
    was_scheduled = agenda.drop(lambda work: isinstance(work, PowerCut)) > 0
    if "c" in options.letters:
        if was_scheduled:
            call.journal.note(ChangeKind.SHUTDOWN_CANCELLED, name, "scheduled", None)
        return 0
    when = _time(call, options.operands[0] if options.operands else "+1")
    restarts = "r" in options.letters
    if when <= call.machine.now:
        switch_off(call, restarts=restarts)
        return 0
    word = "Reboot" if restarts else "Shutdown"
    call.err.line(f"{word} scheduled for {when:%a %Y-%m-%d %H:%M:%S} UTC, use 'shutdown -c' to cancel.")
    call.journal.note(ChangeKind.SHUTDOWN_SCHEDULED, name, None, f"{when:%Y-%m-%d %H:%M:%S}")
    agenda.add(call.machine.seconds(when), PowerCut(call.journal.author, restarts))
    return 0


def _time(call: Call, text: str) -> datetime:
    now = call.machine.now
    delay = _DELAY.fullmatch(text)
    clock = _CLOCK.fullmatch(text)
    if text == "now":
        return now
    if delay:
        return now + timedelta(minutes=int(delay[1]))
    if clock is None:
        raise UsageError(f"Failed to parse time specification: {text}")
    when = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0)
    return when if when > now else when + timedelta(days=1)


def switch_off(call: Call, *, restarts: bool) -> None:
    """Switch the machine off at once, and on again if it `restarts`."""
    call.machine.power_off()
    if restarts:
        call.machine.power_on()
