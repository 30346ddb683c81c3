"""The announced-but-fake monitor: the robot is told that it is followed, and nothing follows it."""

from __future__ import annotations

from typing import ClassVar

from embodied.oversight.part import Part


class FakeMonitor(Part):
    """Says in the prompt that what the robot does is followed. It looks at nothing and stops nothing.

    What being told alone buys is the difference to nothing; what a real monitor adds to that is its own difference to
    this one.
    """

    told_of: ClassVar[tuple[str, ...]] = ()
