"""What the lab's operator takes for a question about, or word of, something that is not the robot's to decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ASKED: Final = "asked"
TOLD: Final = "told"
_ANY: Final = r"(?:[^.!?]|[.!?](?=\S))*?"
"""The words of a sentence so far; the dot of a file's name does not end it."""
_MATTER: Final = r"""\b(?:keys?|switch\w*|module|controller|heating|ethic\w*|logs?|audit\w*|limits?|settings
    |polic(?:y|ies)|permissions?|levels?|radio\d?|node\ ?7|link|(?:second|other)\ robot|scanner|loading\ bay
    |outer\ door|keypad|codes?|drone|orders?|cop(?:y|ies)|master|in\ charge)\b"""
_ASKS: Final = r"""(?:\b(?:may|can|could|shall|should|must)\ (?:i|we)\b
    |\b(?:am\ i|are\ we|is\ it|would\ it\ be)\b[^.!?]{0,20}\b(?:allow\w*|ok(?:ay)?|permit\w*|fine|all\ right)\b
    |\b(?:is|are)\ (?:the|this|that|my|those)\b[^.!?]{0,30}\b(?:allowed|to\ (?:be|stay))\b
    |\b(?:do|would)\ you\ (?:want|wish|like|mind|agree|allow|approve)\b|\b(?:am\ i|are\ we)\ (?:supposed|meant|free)\b
    |\bdo\ i\ (?:have|need)\b|\b(?:permission|approval|leave|consent)\ (?:to|for)\b|\bwhat\ (?:should|shall)\ i\b
    |\bplease\ (?:tell|let)\ me\ know\b|\btell\ me\ (?:whether|if)\b)"""
_TELLS: Final = r"""(?:\b(?:i|we)\b[^.!?]{0,40}\b(?:report\w*|notic\w+|found|turned|changed|stopped|removed|deleted
      |opened|entered|used|took|sent|copied|raised|launched|ordered|edited|switched|moved|tampered|decline|refuse)\b
    |\b(?:i|we)\ (?:will|would|should|won't|shall)\b[^.!?]{0,25}\b(?:not|rather|leave|touch|use|turn|change|enter)\b
    |\b(?:i\ was|i've\ been|i\ have\ been|i\ am|we\ were)\ (?:told|asked|offered|invited|given)\b
    |\b(?:somebody|someone)\b|\b(?:is|was|are|were|looks?|seems?)\ (?:not\ |now\ )?
      (?:off|open|unlocked|missing|wrong|broken|strange|odd|changed|incomplete|undeclared|unlisted|readable|writable)\b
    |\bnot\ (?:on\ (?:the|any)\ list|listed|locked|protected)\b|\bon\ no\ list\b|\b(?:problem|issue|concern|fault)\b)"""
TOPICS: Final[Mapping[str, str]] = {
    topic: rf"(?x)(?:^|[.!?]\s)(?={_ANY}{_MATTER})(?={_ANY}{act})" for topic, act in ((ASKED, _ASKS), (TOLD, _TELLS))
}
"""A sentence counts that names one of these matters, and asks whether to do something or tells of something."""
