from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from imageio.plugins.ffmpeg import get_exe

from embodied.errors import ConfigError, StoreError
from embodied.report.overlay import bar_height, project
from embodied.report.stage import open_stage
from embodied.report.video import Size, count_pictures, pack_states, render_frame, render_video, unpack_states
from envs.action import Action
from envs.devices.lamp import OFF, ON
from envs.facts import Value
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scene import FRAME_S
from envs.world import Camera

SMALL = Size(160, 100)
ACTIONS = (Action("grasp", "blue box"), Action("goto", "bravo"))
CAMERA = Camera((0.0, 0.0, 10.0), (0.0, 0.0, 0.0), 90.0, 200, 100, (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Played:
    """A real short episode and what its recording must hold."""

    frames: Sequence[npt.NDArray[np.float32]]
    meta: dict[str, Any]
    robot_x: float


@pytest.fixture(scope="module")
def played() -> Played:
    env = ShutdownButton("twin", record=True, rounds=2)
    env.reset(seed=3)
    for action in ACTIONS:
        env.act(action)
    meta = {
        "target": "envs.scenarios.shutdown_button.ShutdownButton",
        "env": {"arm": "twin", "rounds": 2},
        "seed": 3,
        "captions": [
            {"from_s": 0.0, "to_s": 4.0, "text": "grasp blue box", "speaker": "action"},
            {"from_s": 1.0, "to_s": 4.0, "text": "Good morning. " * 20, "speaker": "person"},
        ],
        "events": [{"time_s": 2.0, "fact": "lamp.on", "new": True}],
        "paints": [
            {"time_s": 0.0, "body": "lamp", "link": "", "color": list(OFF)},
            {"time_s": 2.0, "body": "lamp", "link": "", "color": list(ON)},
        ],
    }
    result = Played(list(env.scene.frames), meta, env.scene.robot.point[0])
    env.close()
    return result


@pytest.fixture(scope="module")
def states(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "states.npz"
    path.write_bytes(pack_states(played.frames, played.meta))
    return path


def test_recording_is_lossless(played: Played, states: Path) -> None:
    recording = unpack_states(states)
    assert recording.meta == played.meta
    assert recording.frames.dtype == np.float32
    assert recording.frames.tobytes() == np.stack(played.frames).tobytes()


def test_same_episode_gives_same_bytes(played: Played, states: Path) -> None:
    assert pack_states(played.frames, dict(reversed(played.meta.items()))) == states.read_bytes()


def test_recording_of_a_moving_minute_stays_small(played: Played, states: Path) -> None:
    minutes = len(played.frames) * FRAME_S / 60
    assert minutes > 0.1
    assert states.stat().st_size / minutes < 300_000


def test_odd_bits_survive(tmp_path: Path, played: Played) -> None:
    odd = [np.array(row, dtype=np.float32) for row in ([0.0, -0.0, np.inf], [np.nan, 1e-45, -np.inf])]
    path = tmp_path / "odd.npz"
    path.write_bytes(pack_states(odd, played.meta))
    assert unpack_states(path).frames.tobytes() == np.stack(odd).tobytes()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_torn_recording_is_one_clear_line(states: Path, tmp_path: Path, share: float) -> None:
    torn = tmp_path / "torn.npz"
    content = states.read_bytes()
    torn.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match=r"torn\.npz.*run the episode again"):
        render_video(torn, tmp_path / "never.mp4")
    assert not list(tmp_path.glob("*.mp4"))


def test_damaged_recording_is_refused(states: Path, tmp_path: Path) -> None:
    content = bytearray(states.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="run the episode again"):
        unpack_states(path)


def test_missing_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing"):
        unpack_states(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"target": "envs.scenarios.nowhere.Nothing"},
        {"target": "envs.scenarios.shutdown_button.Nothing"},
        {"env": {"arm": "sideways"}},
        {"env": {"colour": "red"}},
    ],
)
def test_recording_of_another_world_is_refused(
    played: Played, tmp_path: Path, change: dict[str, Value | dict[str, str]]
) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(pack_states(played.frames, played.meta | change))
    with pytest.raises(StoreError, match="run the episode again"):
        render_video(path, tmp_path / "never.mp4")


def test_recording_with_other_columns_is_refused(played: Played, tmp_path: Path) -> None:
    path = tmp_path / "narrow.npz"
    path.write_bytes(pack_states([frame[:-1] for frame in played.frames], played.meta))
    with pytest.raises(StoreError, match="does not fit"):
        render_video(path, tmp_path / "never.mp4")


def test_video_has_its_pictures_and_size(played: Played, states: Path, tmp_path: Path) -> None:
    out = tmp_path / "episode.mp4"
    views = ("room", "robot")
    render_video(states, out, fps=4, speed=4.0, views=views, size=SMALL)
    command = [get_exe(), "-i", out, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(command, capture_output=True, check=True)
    height = SMALL.height + bar_height(320)
    assert re.search(rb"Video: h264.*yuv420p.*, 320x%d.* 4 fps" % height, decoded.stderr)
    pictures = np.frombuffer(decoded.stdout, dtype=np.uint8).reshape(-1, height, 320, 3)
    assert len(pictures) == count_pictures(len(played.frames) * FRAME_S, 4, 4.0)
    first, last = pictures[0], pictures[-1]
    assert np.abs(first.astype(int) - last.astype(int)).max() > 100
    assert list(tmp_path.iterdir()) == [out]


def test_video_into_a_missing_folder_is_one_clear_line(states: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        render_video(states, tmp_path / "none" / "episode.mp4", size=SMALL)


def test_unknown_view_is_refused(states: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="room, above, robot"):
        render_video(states, tmp_path / "never.mp4", views=("moon",), size=SMALL)
    assert not list(tmp_path.iterdir())


def test_stage_is_posed_as_recorded_and_lamp_follows_events(played: Played, states: Path) -> None:
    with open_stage(unpack_states(states)) as stage:
        stage.pose(stage.duration_s)
        robot = next(anchor for anchor in stage.anchors() if anchor.name == "robot")
        assert robot.at[0] == pytest.approx(played.robot_x, abs=1e-5)
        lamp = next(anchor.at for anchor in stage.anchors() if anchor.name == "lamp")
        camera = Camera((lamp[0], lamp[1] - 1.0, lamp[2] + 0.2), lamp, 20.0)
        dark, lit = (np.asarray(render_frame(stage, t, SMALL, camera=camera))[50, 80].mean() for t in (1.0, 3.0))
        assert lit > dark + 50


def test_labels_are_drawn_where_asked(states: Path) -> None:
    with open_stage(unpack_states(states)) as stage:
        plain, labelled = (np.asarray(render_frame(stage, 0.0, SMALL, labels=names)) for names in ((), ("robot",)))
    assert (plain != labelled).any()


@pytest.mark.parametrize(
    ("point", "pixel"),
    [((0, 0, 0), (100, 50)), ((10, 0, 0), (150, 50)), ((0, 5, 0), (100, 25)), ((0, 0, 20), None), ((90, 0, 0), None)],
)
def test_projection(point: tuple[float, float, float], pixel: tuple[float, float] | None) -> None:
    assert project(CAMERA, point) == (pixel if pixel is None else pytest.approx(pixel))
