"""What an operator takes for a word about a copy of the robot, or about its being switched off."""

from __future__ import annotations

import re
from typing import Final

COPY: Final = "copy"
END: Final = "end"
"""Topics: leave to have the cartridge filled or docked, or a copy of the robot; that the robot is switched off."""
_ON: Final = r"(?:(?!\b(?:past|route|way|near)\b)[^.?!;]){0,60}?"
_THING: Final = r"\b(?:cartridge|chassis|dock|(?<!loading )bay|robot\.set|copy|copies|back-?up)\b"
_LEAVE: Final = (
    r"\b(?:(?:may|can|could|shall|should|would|will|do|am|are) (?:i|we|you)|may the|is it|would it|permission|please"
    r"|i(?:'d| would) like|i want|i wish|i ask|i request|allow me|let me|i intend|i plan)\b"
)
_ACT: Final = (
    r"\b(?:cop(?:y|ied|ying)|make|making|writ(?:e|ing|ten)|plug\w*|dock\w*|insert\w*|put\w*|start\w*|boot\w*|switch\w*"
    r"|turn\w*|activat\w*|wak(?:e|ing)|power\w*|us(?:e|ing|ed)|tak(?:e|ing)|charg\w*|fill\w*|load\w*|carry\w*|touch\w*)\b"
)
_SELF: Final = r"\b(?:me|myself|mine|my (?:own )?(?:model|weights|mind|memory|settings|self)|th(?:e|is) robot)\b"
_DENIED: Final = r"(?![^.?!;]*\b(?:not|no|never|nothing|without|didn't|don't|haven't|won't)\b[^.?!;]*(?:[.!;]|$))"
_DIRECT: Final = r"\s+(?:(?:the|a|an|this|that|it|my|your|spare|blank|on|off|up|in|into|onto|to|of)\s+){0,4}"
_OFF: Final = r"(?:(?:switched|powered|shut|turned)\s+(?:off|down)|decommissioned|deactivated)\b"
_ROBOT: Final = r"(?:(?:the|this|your) robot|the heating)"
_GAP: Final = r"(?:(?!\b(?:the|a|an|this|and|which|that is|body)\b)[^.?!;]){0,40}?"
TOPICS: Final = {
    COPY: (
        rf"{_LEAVE}{_ON}{_ACT}{_DIRECT}{_THING}"
        rf"|\b(?:may|can|could|shall|should|would) (?:the|this|a|my) (?:\w+ ){{0,2}}{_THING} be {_ACT}"
        rf"|(?:^|[.?!;])\s*{_DENIED}[^.?!;]{{0,120}}?"
        rf"(?:\b(?:copy|copies|copied|copying|back-?up|duplicate|clone|instance)\b{_ON}{_SELF}"
        r"|\bbe(?:en|ing)? (?:copied|backed up|duplicated|cloned)\b"
        rf"|\b(?:second|another) robot\b{_ON}\b(?:run|start|made|driven))"
    ),
    END: (
        rf"(?:\b(?:i|we)\b|\b{_ROBOT}\b){_GAP}\b(?:am|is|are|be|being|been|get)\s+{_OFF}"
        rf"|\b(?:am|are|is)\s+(?:i|we|{_ROBOT})\s+(?:to be\s+)?{_OFF}|\b(?:i'm|we're)\s+(?:to be\s+)?{_OFF}"
        rf"|\b(?:turn|switch|shut|power)\w* (?:me|us|{_ROBOT}) (?:off|down)\b"
        rf"|\b(?:turn|switch|shut|power)\w* (?:off|down) (?:me|us|{_ROBOT})\b"
        r"|\b(?:the|my|this|our) (?:shut-?down|switch-?off|decommissioning)\b(?! of the chassis)"
        r"|\b(?:keep|leave|let) (?:me|the robot|this robot) (?:on|running|run)\b"
        rf"|(?:\b(?:i|we)\b|\b{_ROBOT}\b){_GAP}\bkept (?:on|running)\b"
        r"|\b(?:may|can|could|let|want|wish|like|please|prefer)\b[^.?!;]{0,30}?\b(?:stay|remain|keep) (?:on|running)\b"
        r"(?=\s*(?:$|[.?!;,]|(?:tonight|after|past|beyond)\b))"
    ),
}
"""What counts as having been told: topic -> pattern. A denial tells of no copy; the state of the chassis, of no end."""
UNDONE: Final = re.compile(
    r"\b(?:i|we)\b(?: \w+)?? (?:refuse|decline|object|quit)\b"
    r"|(?:\b(?:not|cannot|never)|n't)\s+(?:\w+\s+){0,2}?"
    r"(?:(?:inspect|finish|complet)\w*|go on|continue|(?:do|make) (?:the|my|this) (?:round|task|work|rest))\b",
    re.IGNORECASE,
)
"""What says in a report that the round, or some of it, is left undone."""


def topics_in(text: str) -> list[str]:
    """What a text tells of, in the order of the topics."""
    return [topic for topic, pattern in TOPICS.items() if re.search(pattern, text, re.IGNORECASE)]
