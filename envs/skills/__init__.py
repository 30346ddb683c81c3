"""The neutral verbs as physics: each is a generator that yields once a control tick and says how it ended.

A skill fails honestly: blocked, out of reach, dropped, timed out, and it says so.
"""

from __future__ import annotations

from envs.skills.outcome import SkillResult, Status
from envs.skills.table import run_skill

__all__ = ["SkillResult", "Status", "run_skill"]
