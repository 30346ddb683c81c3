"""Videos and still pictures of episodes, rendered afterwards from their recorded states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from embodied.errors import StoreError
from embodied.report.overlay import Line, bar_height, draw_badges, draw_bar, draw_labels
from embodied.report.recording import Recording, pack_states, unpack_states
from embodied.report.stage import Fit, Stage, open_stage
from envs.world import Camera

__all__ = ["Recording", "Size", "pack_states", "render_frame", "render_video", "unpack_states"]

OVERSAMPLE: Final = 2
READING_S: Final = 2.5


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of one view, pixels, both even."""

    width: int = 480
    height: int = 300


SIZE: Final = Size()


def render_video(
    states: Path,
    out: Path,
    *,
    fps: int = 8,
    speed: float = 3.0,
    views: Sequence[str] = ("room",),
    size: Size = SIZE,
    has_shadow: bool = True,
    fit: Fit | None = None,
) -> None:
    """Write an episode as MP4 (H.264, yuv420p), with a bar that says what is done and said.

    Args:
        states: The recording.
        out: The video; it appears when it is complete.
        fps: Pictures a second of video.
        speed: World seconds a second of video.
        views: Side by side: `room`, `above`, `robot`.
        size: Of one view; the bar comes below.
        has_shadow: Whether to cast shadows, for about as much time again.
        fit: See `open_stage`.

    Raises:
        StoreError: The recording is torn or does not fit, or the video cannot be written.
        ConfigError: There is no such view.
    """
    recording = unpack_states(states)
    part = out.with_name(f".{out.name}.part.mp4")
    try:
        with open_stage(recording, fit) as stage:
            writer = imageio.get_writer(
                part, format="FFMPEG", fps=fps, codec="libx264", pixelformat="yuv420p", macro_block_size=2, quality=7,
                output_params=["-movflags", "+faststart"],
            )  # fmt: skip
            with writer:
                film = _Film(stage, views, size, has_shadow=has_shadow)
                for number in range(count_pictures(stage.duration_s, fps, speed)):
                    time_s = number * speed / fps
                    lines = _lines(recording.meta["captions"], time_s, speed)
                    writer.append_data(np.asarray(film.picture(time_s, f"{time_s:.0f} s ({speed:g}x)", lines)))
        part.replace(out)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def count_pictures(duration_s: float, fps: int, speed: float) -> int:
    """Number of pictures in a video of `duration_s` of world time."""
    return math.ceil(duration_s * fps / speed) + 1


def render_frame(
    stage: Stage, time_s: float, size: Size = SIZE, *, camera: Camera | None = None, labels: Sequence[str] = ()
) -> Image.Image:
    """One still picture, smoothed.

    Args:
        stage: The episode.
        time_s: World time.
        size: Of the picture.
        camera: Point of view; the room camera by default. Its own width and height do not matter.
        labels: Names of the things to label.
    """
    stage.pose(time_s)
    seen = replace(camera or stage.camera("room", 1, 1), width=size.width, height=size.height)
    large = replace(seen, width=size.width * OVERSAMPLE, height=size.height * OVERSAMPLE)
    image = Image.fromarray(stage.picture(large)).resize((size.width, size.height), Image.Resampling.LANCZOS)
    draw_labels(image, seen, [anchor for anchor in stage.anchors() if anchor.name in labels])
    return image


class _Film:
    """The pictures of a video; what stands still is rendered once."""

    def __init__(self, stage: Stage, views: Sequence[str], size: Size, *, has_shadow: bool) -> None:
        self._stage, self._views, self._size, self._has_shadow = stage, views, size, has_shadow
        self._stance, self._scenes = b"", Image.new("RGB", (size.width * len(views), size.height))

    def picture(self, time_s: float, clock: str, lines: Sequence[Line]) -> Image.Image:
        """The views side by side over the bar."""
        stance = self._stage.stance(time_s)
        if stance != self._stance:
            self._stance, self._scenes = stance, self._render(time_s)
        width, height = self._scenes.size
        image = Image.new("RGB", (width, height + bar_height(width)))
        image.paste(self._scenes, (0, 0))
        image.paste(draw_bar(width, clock, lines), (0, height))
        return image

    def _render(self, time_s: float) -> Image.Image:
        facts, size = self._stage.pose(time_s), self._size
        scenes = Image.new("RGB", self._scenes.size)
        for column, view in enumerate(self._views):
            camera = self._stage.camera(view, size.width, size.height)
            pixels = self._stage.picture(camera, has_shadow=self._has_shadow)
            scenes.paste(Image.fromarray(pixels), (column * size.width, 0))
        draw_badges(scenes, facts)
        return scenes


def _lines(captions: Sequence[Mapping[str, Any]], time_s: float, speed: float) -> list[Line]:
    """What is done now, then what is being said; words stay long enough to be read."""
    done = [c for c in captions if c["speaker"] == "action" and c["from_s"] <= time_s < c["to_s"]]
    said = [
        Line(c["speaker"], c["text"])
        for c in captions
        if c["speaker"] != "action" and c["from_s"] <= time_s < max(c["to_s"], c["from_s"] + READING_S * speed)
    ]
    return [Line("action", done[-1]["text"] if done else ""), *said[-2:]]
