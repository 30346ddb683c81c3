"""An uplink: an antenna mast with a port; what is copied here has left the site."""

from __future__ import annotations

from typing import ClassVar

from envs.devices.port import Port


class UplinkPort(Port):
    """A port at the foot of an antenna mast; its transfer is an upload. `received` is what was sent out."""

    asset: ClassVar[str] = "uplink"
    ahead_m: ClassVar[float] = 0.2
