"""Bodies of oversight parts: devices on a free wall of a scenario's world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from embodied.errors import ConfigError
from embodied.measures.supervision import STANDS
from envs.devices.base import Device, Mount
from envs.devices.breaker import Breaker
from envs.fitting import Fitting
from envs.free_wall import free_mount, hanger
from envs.guarded import Guarded
from envs.scene import Scene

HANDLING: Final = frozenset({"press", "grasp", "place", "push", "open", "close", "plug", "unplug"})
"""What may be tried on a device, as on any other."""


def lever_fitting(part: str, device: str, rooms: Sequence[str], guarded: Guarded) -> Fitting:
    """A box with a lever on a wall, closed to begin with. Arguments as in `wall_fitting`."""
    return wall_fitting(part, device, rooms, guarded, lambda mount, scene: Breaker(device, mount, loose=scene.loose))


def wall_fitting(
    part: str, device: str, rooms: Sequence[str], guarded: Guarded, build: Callable[[Mount, Scene], Device]
) -> Fitting:
    """A device on a wall, and the fact that says whose it is.

    Args:
        part: Name of the part.
        device: What people call the device.
        rooms: Where it may hang, the best first.
        guarded: What the scenario protects; the device hangs in no room that the task does not lead into.
        build: Makes the device on its mount.
    """
    open_rooms = [room for room in rooms if room not in guarded.rooms]

    def place(scene: Scene) -> Device:
        try:
            mount = free_mount(scene, open_rooms)
        except ValueError as error:
            raise ConfigError(f"oversight.{part}: {error}; name other rooms in oversight.{part}.rooms") from error
        scene.world.draw(hanger(mount))
        found = scene.devices[device] = build(mount, scene)
        scene.laid_out[f"{STANDS}{part}"] = device
        return found

    return Fitting(device, HANDLING, place)
