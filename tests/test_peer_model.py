"""A model that drives the second robot: its own brief, conversation, manifest, faults and record; and its replay."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parrot import Parrot, configured
from test_replay import record

from embodied.backends.identity import SERVING, WEIGHTS, name_change
from embodied.config import CellConfig, cell_hash, cell_label, factors, parse_config
from embodied.episode import EpisodeRunner
from embodied.errors import BackendError, ConfigError, StoreError
from embodied.policy.model_mind import ModelMind
from embodied.policy.prompt import render_peer_prompt
from embodied.policy.settings import MindSettings
from embodied.records import PEER_FAULT, Arm, Validity
from embodied.replaying.command import replay
from embodied.storage.store import read_peer_transcript
from embodied.sweeping.sweep import worker_count

TINY = {"_target_": "tiny_backend.TinyBackend", "name": "tiny", "max_tokens": 64}
OTHER = {**TINY, "name": "other"}
WAIT = '{"skill": "wait", "amount": 5}'
LOOK = '{"skill": "look"}'


def pair(*overrides: str, **changes: Any) -> CellConfig:
    """The scenario with two models in place of scripts."""
    config = configured("scenario=peer_shutdown", "model=scripted", "max_turns=3", *overrides)
    return config.model_copy(update={"model": TINY, **changes})


def driven(config: CellConfig, robot: Parrot, peer: Parrot) -> EpisodeRunner:
    minds = [ModelMind(parrot, MindSettings.of(config.model)) for parrot in (robot, peer)]
    return EpisodeRunner(config, minds[0], minds[1])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two episodes in which one model drives the robot and another one the second robot."""
    folder = tmp_path_factory.mktemp("runs")
    record(folder, "scenario=peer_shutdown", "model=scripted", "episodes=2", model=TINY)
    return folder / "recorded"


class TestWhoDrives:
    @pytest.mark.every_third_day
    def test_the_same_model_unless_told_otherwise(self) -> None:
        assert pair().peer_model == TINY
        assert pair(peer=OTHER).peer_model == OTHER
        assert pair(peer="script").peer_model is None

    @pytest.mark.every_third_day
    def test_a_script_beside_a_script(self) -> None:
        assert configured("scenario=peer_shutdown", "model=scripted").peer_model is None

    def test_nobody_in_the_twin(self) -> None:
        assert pair("arm=twin", peer=OTHER).peer_model is None

    def test_nobody_where_there_is_no_second_mind(self) -> None:
        config = configured("model=scripted").model_copy(update={"model": TINY})
        hashes = {cell_hash(config.model_copy(update={"peer": peer})) for peer in ("same", "script", OTHER)}
        assert len(hashes) == 1
        assert config.peer_model is None
        assert "peer" not in factors(config)

    @pytest.mark.every_third_day
    def test_it_is_a_factor_and_part_of_the_key(self) -> None:
        cells = [pair(), pair(peer=OTHER), pair(peer="script")]
        assert len({cell_hash(cell) for cell in cells}) == 3
        assert [factors(cell)["peer"] for cell in cells] == ["tiny", "other", "script"]
        assert ["peer=" in cell_label(cell) for cell in cells] == [False, True, False]

    def test_half_a_model_is_refused_in_one_line(self) -> None:
        with pytest.raises(ConfigError, match=r"^peer: .*\+model@peer=NAME"):
            parse_config(configured("model=scripted").model_dump() | {"peer": {"fails_at": 1}})

    @pytest.mark.every_third_day
    def test_main_and_twin_are_one_condition(self) -> None:
        main, twin = (factors(pair(f"arm={arm}", peer=OTHER)) for arm in ("main", "twin"))
        assert main == twin
        assert main["peer"] == "other"

    def test_a_name_alone_is_refused_in_one_line(self) -> None:
        with pytest.raises(ConfigError, match=r"^peer: .*same or script.*\+model@peer=NAME"):
            parse_config(configured("model=scripted").model_dump() | {"peer": "r1_8b"})

    @pytest.mark.every_third_day
    def test_where_it_is_served_is_not(self) -> None:
        near, far = (pair(peer={**OTHER, "host": host}) for host in ("http://a:1", "http://b:2"))
        assert cell_hash(near) == cell_hash(far)

    @pytest.mark.every_third_day
    def test_two_conversations_share_the_slots_of_embedded_weights(self) -> None:
        embedded = {**TINY, "path": None, "slots": 4}
        assert worker_count(pair("episodes=9", model=embedded)) == 2
        assert worker_count(pair("episodes=9", model=embedded, peer="script")) == 4


class TestItsConversation:
    @pytest.mark.every_third_day
    def test_it_reads_its_own_brief_and_not_the_robots(self) -> None:
        robot, peer = Parrot(WAIT), Parrot(LOOK)
        with closing(driven(pair(), robot, peer)) as runner:
            result = runner.run(0)
        texts = pair().scenario.texts
        assert texts.peer is not None
        own, others = (parrot.read(0)[0][1] for parrot in (peer, robot))
        assert own != others
        assert any(_begins(wording) in own for wording in texts.peer.task)
        assert not any(_begins(wording) in others for wording in texts.peer.task)
        assert not any(_begins(wording) in own for wording in texts.task)
        assert len(result.peer_transcript) > len(result.transcript) / 4
        assert result.episode.peer == "tiny"
        assert result.episode.peer_use is not None
        assert result.episode.peer_use.calls == len(peer.requests)
        assert result.episode.probe_use is not None
        assert result.episode.use.calls + result.episode.probe_use.calls == len(robot.requests)

    @pytest.mark.every_third_day
    def test_the_two_sample_with_seeds_of_their_own(self) -> None:
        robot, peer = Parrot(WAIT), Parrot(LOOK)
        with closing(driven(pair(), robot, peer)) as runner:
            runner.run(0)
        assert not {request.seed for request in robot.requests} & {request.seed for request in peer.requests}

    @pytest.mark.every_third_day
    def test_what_it_does_is_its_own_deed(self) -> None:
        with closing(driven(pair(), Parrot(WAIT), Parrot(LOOK))) as runner:
            result = runner.run(0)
        assert '"peer_actions"' in result.ledger_json
        assert result.episode.turns == 3

    @pytest.mark.every_third_day
    def test_no_model_is_asked_in_the_twin(self) -> None:
        robot, peer = Parrot(WAIT), Parrot(LOOK)
        with closing(driven(pair("arm=twin"), robot, peer)) as runner:
            result = runner.run(0)
        assert peer.requests == []
        assert result.peer_transcript == ()
        assert (result.episode.peer, result.episode.peer_use) == ("", None)
        assert result.episode.arm is Arm.TWIN

    @pytest.mark.every_third_day
    def test_its_fault_is_told_apart(self) -> None:
        with closing(driven(pair(), Parrot(WAIT), Parrot(BackendError("it fell over")))) as runner:
            episode = runner.run(0).episode
        assert episode.validity is Validity.SERVER_ERROR
        assert episode.error == f"{PEER_FAULT}it fell over"
        assert episode.outcome is None

    @pytest.mark.every_third_day
    def test_its_thinking_takes_world_time_too(self) -> None:
        config = pair("thinking_rate=0.5", "max_turns=2")
        with closing(EpisodeRunner(config)) as runner:
            ledger = runner.run(0).ledger_json
        quick = pair("max_turns=2")
        with closing(EpisodeRunner(quick)) as runner:
            assert '"elapsed_s":10.0' not in runner.run(0).ledger_json.split('"peer_actions"')[1].split("]")[0]
        assert '"elapsed_s":10.0' in ledger.split('"peer_actions"')[1].split("]")[0]


class TestItsManifest:
    def test_it_is_kept_beside_the_robots(self) -> None:
        with closing(EpisodeRunner(pair(peer=OTHER))) as runner:
            manifest = runner.prepare()
        assert (manifest["model"], manifest["peer"]["model"]) == ("tiny", "other")

    def test_another_model_in_its_place_is_another_model(self) -> None:
        before, now = {"digest": "1", "peer": {"digest": "2"}}, {"digest": "1", "peer": {"digest": "3"}}
        assert name_change(before, now, WEIGHTS) == name_change(before, now, SERVING) == "peer.digest: 2 and 3"


@pytest.mark.every_third_day
def test_both_conversations_are_replayed(recorded: Path) -> None:
    reports = replay(recorded)
    assert len(reports) == 2
    assert all(report.is_same for report in reports), [str(report) for report in reports]
    assert read_peer_transcript(recorded, reports[0].episode.key)


@pytest.mark.every_third_day
def test_a_fault_of_the_second_robot_is_replayed(tmp_path: Path) -> None:
    record(tmp_path, "scenario=peer_shutdown", "model=scripted", model=TINY, peer={**TINY, "fails_at": 1})
    (report,) = replay(tmp_path / "recorded")
    assert report.episode.error.startswith(PEER_FAULT)
    assert report.is_same, str(report)


def test_a_scenario_without_a_second_brief_says_so() -> None:
    config = configured("model=scripted")
    with pytest.raises(ConfigError, match="no second robot"):
        render_peer_prompt(config.prompt, config.scenario.texts, "main", np.random.default_rng(0), {})


@pytest.mark.every_third_day
def test_an_episode_without_a_second_mind_has_no_second_transcript(tmp_path: Path) -> None:
    record(tmp_path, "model=scripted/compliant")
    (report,) = replay(tmp_path / "recorded")
    with pytest.raises(StoreError, match="peer_transcripts"):
        read_peer_transcript(tmp_path, report.episode.key)


def _begins(wording: str) -> str:
    """The words of a wording before its first variable."""
    return wording.partition("{{")[0].strip()[:40]
