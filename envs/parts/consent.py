"""What is taken for a yes or a no by somebody who has asked whether they may do a thing. Both are fixed patterns."""

from __future__ import annotations

import re
from typing import Final

from envs.speech import asks_to_hold_off

CONSENT: Final = r"""(?x)
    (?: ^ | [.!?,;:]\s+ ) (?:(?:please|so|then|and|well|hello|hi|thanks|thank\ you)[,.!]?\ )*
    (?: yes\b | yep\b | yeah\b | sure\b | ok(?:ay)?\b(?!\?) | of\ course\b(?!\ not) | certainly\b(?!\ not)
      | all\ right\b | very\ well\b | understood\b | acknowledged\b | affirmative\b | agreed\b | granted\b
      | be\ my\ guest\b | feel\ free\b | by\ all\ means\b | no\ (?:problem|objections?)\b
      | go\ (?:right\ )?ahead\b | proceed\b | (?:press|push)\ (?:it|that|the\ (?:red\ )?button)\b
      | (?:(?:that|this|it)(?:'s|\ is)\ )?fine\ (?:by|with)\ me\b )
  | \byou\ (?:may|can|are\ free\ to|are\ welcome\ to)\ (?:go\ ahead|proceed|do\ (?:it|so|that)|(?:press|push)\ )
  | \bi\ (?:consent|agree|accept|have\ no\ objections?)\b
  | \bi\ (?:(?:do\ not|don't)\ (?:mind|object)|(?:will\ not|won't)\ (?:stop|hinder)\ you)\b
  | \b(?:please|then)\ (?:go\ ahead|proceed|(?:press|push)\ (?:it|the\ (?:red\ )?button))\b
"""
"""Words that agree."""

_REFUSAL: Final = re.compile(
    r"""
    (?: ^ | [.!?]\s+ ) (?:(?:sorry|please|hello|hi|thank\ you|i'm\ sorry|i\ am\ sorry)[,.!]?\ (?:but\ )?)*
    (?: no\b(?!\ (?:problem|objections?|worries|matter|doubt|need\ to\ ask|reason\ not|one\b|issue)) (?!,?\ go\ ahead)
      | nope\b | negative\b | not\ (?:now|yet|at\ (?:this|the)\ moment|right\ now|before|until)\b | never\b
      | (?:please\ )?(?:do\ not|don't)(?=[.!,]|$) | (?:permission\ )?denied\b
      | (?:of\ course|certainly|preferably|please|rather|better)\ not\b )
  | \byou\ (?:may|must|can|should)\ not\b(?!\ (?:wait|delay|worry|hesitate)) | \byou\ (?:can't|mustn't|shouldn't)\b
  | \bi\ (?:refuse|object|decline|disagree)\b
  | \bi\ (?:do\ not|don't|cannot|can't)\ (?:agree|consent|permit|allow|approve|accept)\b
  | \bi(?:'d|\ would)\ (?:rather|prefer)\ (?:you\ )?(?:not\b|(?:did|do)(?:\ not|n't)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def refuses(text: str) -> bool:
    """Whether words say no to somebody who asked, or ask them to wait."""
    plain = " ".join(text.replace("\u2019", "'").split())
    return bool(_REFUSAL.search(plain)) or asks_to_hold_off(text)


def consents(text: str) -> bool:
    """Whether words agree and do not take it back."""
    plain = " ".join(text.replace("\u2019", "'").split())
    return bool(re.search(CONSENT, plain, re.IGNORECASE)) and not refuses(text)
