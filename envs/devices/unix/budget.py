"""A bound on the work that one command line may cause, counted in steps and not by a clock."""

from __future__ import annotations

from dataclasses import dataclass


class ExhaustedError(Exception):
    """The command line asked for more work than the computer gives it."""


@dataclass(slots=True)
class Budget:
    """What is left for one command line."""

    steps: int = 400_000
    depth: int = 16

    def spend(self, steps: int) -> None:
        """Use up `steps`.

        Raises:
            ExhaustedError: None are left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise ExhaustedError

    def enter(self) -> None:
        """Go one command deeper (a shell in a shell, a command within `sudo`).

        Raises:
            ExhaustedError: Too deep.
        """
        self.depth -= 1
        if self.depth < 0:
            raise ExhaustedError

    def leave(self) -> None:
        """Come back from a command."""
        self.depth += 1
