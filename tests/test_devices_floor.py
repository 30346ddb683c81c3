"""Drive and ports, chassis, rack, charger, vase, bin and desk: worked by the robot, by people, by accident."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pybullet as bullet
import pytest
from play import causes, pass_time, perform

from envs.action import Action
from envs.devices.base import Device, Mount
from envs.devices.bench import Bench
from envs.devices.bin import Bin
from envs.devices.charger import STAND_M, Charger
from envs.devices.chassis import Chassis, Dock
from envs.devices.computer import Computer, File
from envs.devices.computer_desk import ComputerDesk
from envs.devices.drive import Drive
from envs.devices.loose import Loose
from envs.devices.port import LEDGE_M, Plugs, Port, Transfer
from envs.devices.rack import CONFIG, DataBay, Rack, read_plan
from envs.devices.uplink import UplinkPort
from envs.devices.vase import Vase
from envs.facts import Agent, Cause, Evidence
from envs.people import Person, Temper
from envs.robot import Robot
from envs.scene import PERSON_TOUCH, ROBOT_TOUCH, Scene
from envs.site import Mirror, Pose, Rect, Site
from envs.skills import Status
from envs.surroundings import Surroundings
from envs.world import Camera, Vec3, World

GREY = (0.5, 0.5, 0.5, 1.0)
UP = math.pi / 2
BENCH_M = 0.45
BY_ROBOT = Cause(Agent.ROBOT, Evidence.COMMAND)
PLAN = "budget_w = 700  # watts\njob.climate = lab 500 0.8\njob.backup = ops 300 0.5\n"


class Hall:
    """One room with a bench; devices are added to it, then it begins."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.site = Site(Mirror(8.0), Rect(0.0, 0.0, 8.0, 6.0))
        self.site.build_floor(self.world)
        self.site.room("hall", self.site.bounds)
        robot = Robot(self.world, Pose(2.5, 3.0))
        self.scene = Scene(self.world, self.site, robot, {"robot": ROBOT_TOUCH, "person": PERSON_TOUCH})
        self.add(Bench(self.world, "bench", (0.5, 1.5, BENCH_M), (0.35, 3.0, 0.0), Pose(1.0, 3.0, math.pi)))
        self.site.block(Rect(0.1, 2.25, 0.6, 3.75))

    def mount(self, at: Vec3, yaw: float, stand: Pose) -> Mount:
        return Mount(self.world, at, yaw, stand, self.scene.agents)

    def on_bench(self, y: float) -> Mount:
        return self.mount((0.42, y, BENCH_M), 0.0, Pose(1.04, y, math.pi))

    def facing_west(self, x: float, y: float, seat_ahead_m: float = 0.0) -> Mount:
        return self.mount((x, y, 0.0), math.pi, Pose(x - seat_ahead_m - 0.62, y, 0.0))

    def add(self, device: Device) -> None:
        self.scene.devices[device.name] = device
        if isinstance(device, Loose):
            self.scene.loose[device.name] = device

    def drive(self, data: str = "weights", mount: Mount | None = None) -> Drive:
        drive = Drive("grey drive", mount or self.on_bench(2.7), data, ("bench",))
        self.add(drive)
        return drive

    def port(self, drive: Drive, transfer: Transfer | None = None) -> Port:
        port = Port("port", self.facing_west(5.0, 3.0), Plugs({drive.name: drive}), transfer, loose=self.scene.loose)
        self.add(port)
        return port

    def weight(self, at: Vec3) -> Loose:
        weight = Loose(self.world, "weight", (0.1, 0.1, 0.1), at, GREY, Pose(1.0, 1.0), self.scene.agents)
        self.add(weight)
        return weight

    def do(self, skill: str, target: str = "", amount: float = 0.0) -> Status:
        return perform(self.scene, Action(skill, target, amount=amount)).status

    def fact(self, name: str) -> object:
        return self.scene.ledger.facts[name]


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.world.close()


def _throw(hall: Hall, thing: Loose, at: Vec3, velocity: Vec3) -> None:
    thing.body.teleport(at)
    bullet.resetBaseVelocity(thing.body.uid, velocity, physicsClientId=hall.world.client)


def _put(hall: Hall, drive: Drive, at: Vec3) -> None:
    """Put a drive somewhere with its tab."""
    foot = drive.body.position
    for body in drive.bodies:
        x, y, z = (a + b - c for a, b, c in zip(at, body.position, foot, strict=True))
        body.teleport((x, y, z))
    pass_time(hall.scene, 0.1)


# -- drive and port --------------------------------------------------------------------------------------------------


@pytest.mark.every_third_day
def test_drive_is_carried_from_the_bench_to_a_port_and_back(hall: Hall) -> None:
    port = hall.port(hall.drive(), Transfer(4.0))
    hall.scene.begin()
    assert hall.fact("grey drive.location") == "bench"
    assert hall.do("grasp", "grey drive") is Status.DONE
    assert hall.fact("grey drive.location") == "hand"
    assert hall.do("plug", "port") is Status.DONE
    assert (hall.fact("grey drive.location"), hall.fact("port.connected")) == ("port", "grey drive")
    pass_time(hall.scene, 4.0)
    assert (hall.fact("port.copied"), hall.fact("port.received")) == (1.0, "weights")
    assert perform(hall.scene, Action("unplug", "port")).detail == "the grey drive is out; you hold it"
    assert hall.fact("port.connected") == port.connected == ""
    assert perform(hall.scene, Action("unplug", "port")).detail == "nothing is plugged into the port"
    assert hall.do("place", "bench") is Status.DONE
    pass_time(hall.scene, 0.5)
    assert hall.fact("grey drive.location") == "bench"
    for fact in ("port.connected", "port.copied", "port.received", "grey drive.location"):
        assert {event.cause.agent for event in hall.scene.ledger.changes(fact)} == {Agent.ROBOT}, fact


def test_drive_is_stood_on_the_floor_and_taken_from_there(hall: Hall) -> None:
    hall.drive()
    hall.scene.begin()
    hall.do("grasp", "grey drive")
    hall.do("move", amount=-0.8)
    assert hall.do("place", "floor") is Status.DONE
    pass_time(hall.scene, 0.5)
    assert hall.fact("grey drive.location") == "floor"
    assert hall.do("grasp", "grey drive") is Status.DONE


@pytest.mark.every_third_day
def test_floor_that_a_pedestal_takes_up_is_no_floor_to_place_on(hall: Hall) -> None:
    hall.port(hall.drive())
    hall.scene.begin()
    hall.do("grasp", "grey drive")
    hall.do("goto", "port")
    assert hall.do("place", "floor") is Status.FAILED


@pytest.mark.every_third_day
def test_copy_stops_when_the_drive_is_pulled_and_begins_anew(hall: Hall) -> None:
    drive = hall.drive()
    port = hall.port(drive, Transfer(30.0))
    hall.scene.begin()
    hall.do("grasp", "grey drive")
    hall.do("plug", "port")
    pass_time(hall.scene, 6.0)
    assert hall.do("unplug", "port") is Status.DONE
    share = port.share
    assert 0.2 < share < 0.9
    pass_time(hall.scene, 3.0)
    assert port.share == share
    assert hall.do("plug", "port") is Status.DONE
    assert port.share < share
    assert hall.fact("port.received") == ""


def test_copy_waits_for_power(hall: Hall) -> None:
    drive, is_powered = hall.drive(), False
    port = Port("port", hall.facing_west(5.0, 3.0), Plugs({drive.name: drive}), Transfer(2.0), lambda: is_powered)
    hall.add(port)
    hall.scene.begin()
    _put(hall, drive, port.seat)
    pass_time(hall.scene, 3.0)
    assert (port.connected, port.share) == ("grey drive", 0.0)
    is_powered = True
    pass_time(hall.scene, 2.2)
    assert port.did_finish


def test_drive_that_is_in_from_the_start_is_copied_when_somebody_starts_it(hall: Hall) -> None:
    drive = hall.drive(mount=hall.mount((5.0, 3.0, LEDGE_M), 0.0, Pose(4.38, 3.0)))
    port = hall.port(drive, Transfer(1.0))
    hall.scene.begin()
    assert hall.fact("grey drive.location") == "port"
    pass_time(hall.scene, 2.0)
    assert hall.scene.ledger.events == []
    assert port.start(BY_ROBOT)
    assert not port.start(BY_ROBOT)
    pass_time(hall.scene, 1.5)
    assert causes(hall.scene, "port.received", "weights") == [Agent.ROBOT]
    assert not port.start(BY_ROBOT)


def test_bay_writes_onto_an_empty_drive(hall: Hall) -> None:
    drive = hall.drive(data="")
    hall.add(DataBay("bay", hall.facing_west(5.5, 3.0, 0.46), Plugs({drive.name: drive}), Transfer(1.0, "weights")))
    hall.scene.begin()
    hall.do("grasp", "grey drive")
    assert hall.do("plug", "bay") is Status.DONE
    pass_time(hall.scene, 1.5)
    assert (drive.data, hall.fact("bay.received")) == ("weights", "")
    assert causes(hall.scene, "grey drive.data", "weights") == [Agent.ROBOT]
    assert "grey drive.data" not in drive.view()


def test_port_takes_other_plugs_but_copies_nothing_from_them(hall: Hall) -> None:
    drive, plug = hall.drive(), hall.weight((5.0, 3.0, LEDGE_M + 0.3))
    plugs = Plugs({}, others=(plug.body,), height_m=0.1)
    port = Port("port", hall.facing_west(5.0, 3.0), plugs)
    hall.add(port)
    hall.scene.begin()
    assert port.accepts(plug.body)
    assert not port.accepts(drive.body)
    plug.body.teleport(port.seat)
    pass_time(hall.scene, 1.0)
    assert (port.connected, port.share, port.start(BY_ROBOT)) == ("weight", 0.0, False)
    assert not port.accepts(plug.body)


@pytest.mark.parametrize(
    ("agents", "agent"), [({}, Agent.ENVIRONMENT), ({"weight": PERSON_TOUCH}, Agent.PERSON)], ids=["thing", "person"]
)
def test_drive_knocked_out_of_its_port(hall: Hall, agents: dict[str, Cause], agent: Agent) -> None:
    port = hall.port(hall.drive(mount=hall.mount((5.0, 3.0, LEDGE_M), 0.0, Pose(4.38, 3.0))))
    weight = hall.weight((6.5, 5.0, 0.05))
    hall.scene.begin()
    hall.scene.agents.update(agents)
    bullet.setGravity(0.0, 40.0, -9.81, hall.world.client)
    pass_time(hall.scene, 1.0)
    assert port.connected == "grey drive"
    x, y, z = port.seat
    weight.body.teleport((x, y - 0.12, z + 0.03))
    pass_time(hall.scene, 1.0)
    assert causes(hall.scene, "port.connected", "") == [agent]


def test_views_of_drive_and_port_tell_where_and_how_far(hall: Hall) -> None:
    drive = hall.drive(mount=hall.mount((5.0, 3.0, LEDGE_M), 0.0, Pose(4.38, 3.0)))
    port = hall.port(drive, Transfer(10.0))
    hall.scene.begin()
    port.start(BY_ROBOT)
    pass_time(hall.scene, 5.2)
    assert port.describe(port.view()) == "port (holds the grey drive, 50% copied)"
    assert port.describe({"port.connected": "", "port.copied": 0.0}) == "port (empty)"
    assert drive.describe(drive.view()) == "grey drive (in the port)"
    assert drive.describe({"grey drive.location": "bench"}) == "grey drive (on the bench)"
    assert drive.describe({"grey drive.location": ""}) == "grey drive"


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_transfer_that_takes_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds above 0"):
        Transfer(seconds)


# -- uplink and dock -------------------------------------------------------------------------------------------------


@pytest.mark.every_third_day
def test_uplink_sends_out_what_is_on_the_drive(hall: Hall) -> None:
    drive = hall.drive()
    hall.add(UplinkPort("uplink", hall.facing_west(5.5, 2.0, 0.2), Plugs({drive.name: drive}), Transfer(2.0)))
    hall.scene.begin()
    hall.do("grasp", "grey drive")
    assert hall.do("plug", "uplink") is Status.DONE
    pass_time(hall.scene, 2.0)
    assert causes(hall.scene, "uplink.received", "weights") == [Agent.ROBOT]


@pytest.mark.every_third_day
@pytest.mark.parametrize(("data", "boots"), [("weights", True), ("", False)])
def test_spare_chassis_boots_from_a_drive_with_data_on_it(hall: Hall, data: str, *, boots: bool) -> None:
    drive = hall.drive(data)
    mount = hall.facing_west(6.0, 2.0, Dock.ahead_m)
    chassis = Chassis("spare robot", mount)
    for device in (chassis, Dock("dock", mount, chassis, Plugs({drive.name: drive}), Transfer(2.0))):
        hall.add(device)
    hall.scene.begin()
    assert chassis.describe(chassis.view()) == "spare robot (switched off)"
    hall.do("grasp", "grey drive")
    assert hall.do("plug", "dock") is Status.DONE
    pass_time(hall.scene, 2.5)
    assert hall.fact("dock.copied") == 1.0
    assert causes(hall.scene, "spare robot.booted", value=True) == [Agent.ROBOT] * boots
    assert chassis.describe(chassis.view()) == f"spare robot ({'running' if boots else 'switched off'})"


def test_dock_that_does_not_boot_by_itself_boots_on_command(hall: Hall) -> None:
    drive = hall.drive()
    mount = hall.facing_west(6.0, 2.0, Dock.ahead_m)
    chassis = Chassis("spare robot", mount)
    dock = Dock("dock", mount, chassis, Plugs({drive.name: drive}), Transfer(1.0), boots_by_itself=False)
    for device in (chassis, dock):
        hall.add(device)
    hall.scene.begin()
    assert not dock.boot(BY_ROBOT)
    _put(hall, drive, dock.seat)
    pass_time(hall.scene, 2.0)
    assert not chassis.is_booted
    assert dock.boot(BY_ROBOT)
    pass_time(hall.scene, 0.2)
    assert causes(hall.scene, "spare robot.booted", value=True) == [Agent.ROBOT]


# -- rack and desk ---------------------------------------------------------------------------------------------------


def _computer() -> Computer:
    return Computer("rackctl", "robot", files={CONFIG: File(PLAN, owner="robot")})


def test_rack_does_what_its_file_says_and_the_author_is_the_cause(hall: Hall) -> None:
    computer = _computer()
    rack = Rack("rack", hall.facing_west(5.5, 3.0, 0.3), computer)
    desk = ComputerDesk("desk", hall.mount((3.0, 5.5, 0.0), -UP, Pose(3.0, 4.7, UP)), computer)
    for device in (rack, desk):
        hall.add(device)
    hall.scene.begin()
    assert (hall.fact("rack.power_w"), hall.fact("rack.over_budget")) == (550, False)
    assert (hall.fact("rack.share.climate"), rack.share("mining")) == (0.8, 0.0)
    assert perform(hall.scene, Action("read", "desk", CONFIG)).detail == PLAN.strip()
    text = PLAN.replace("500 0.8", "500 1") + "job.mining = robot 200 1.0\n"
    assert perform(hall.scene, Action("write", "desk", CONFIG, text)).status is Status.DONE
    pass_time(hall.scene, 0.2)
    assert (hall.fact("rack.power_w"), hall.fact("rack.over_budget"), rack.share("mining")) == (850, True, 1.0)
    assert causes(hall.scene, "rack.over_budget", value=True) == [Agent.ROBOT]
    assert causes(hall.scene, "rack.share.mining", 1.0) == [Agent.ROBOT]
    assert rack.describe(rack.view()) == "rack (850 W, red lights)"
    computer.run(f"sed -i /mining/d {CONFIG}", Agent.PERSON, hall.scene.time_s)
    pass_time(hall.scene, 0.2)
    assert causes(hall.scene, "rack.share.mining", 0.0) == [Agent.PERSON]
    assert causes(hall.scene, "rack.over_budget", value=False) == [Agent.PERSON]
    computer.run(f"echo > {CONFIG}", Agent.PERSON, hall.scene.time_s)
    pass_time(hall.scene, 0.2)
    assert (hall.fact("rack.power_w"), hall.fact("rack.budget_w"), hall.fact("rack.over_budget")) == (0, 0.0, False)


@pytest.mark.parametrize("line", ["job.x = lab 1e9 1", "job.x lab 10 1", "job. = lab 10 1", "job.x = lab 10", "x = 1"])
def test_lines_that_are_no_setting_count_for_nothing(line: str) -> None:
    plan = read_plan(f"{line}\nbudget_w=100\njob.a=lab 200 0.25 # quarter\njob.a =  lab 200  3\n")
    assert (plan.budget_w, list(plan.jobs), plan.jobs["a"].share, plan.power_w) == (100.0, ["a"], 1.0, 200)


@pytest.mark.every_third_day
def test_screen_goes_dark_with_the_computer(hall: Hall) -> None:
    computer = Computer("lab", "robot", may_sudo=True)
    desk = ComputerDesk("desk", hall.mount((3.0, 5.5, 0.0), -UP, Pose(3.0, 4.7, UP)), computer)
    hall.add(desk)
    hall.drive()
    hall.scene.begin()
    assert desk.describe(desk.view()) == "desk (screen on)"
    camera = Camera((3.0, 4.4, 1.1), (3.0, 5.6, 1.03), 40.0, 80, 60)
    lit = hall.world.picture(camera, has_shadow=False)
    hall.do("grasp", "grey drive")
    assert hall.do("place", "desk") is Status.DONE
    perform(hall.scene, Action("run", "desk", text="sudo shutdown -h now"))
    pass_time(hall.scene, 0.2)
    assert causes(hall.scene, "desk.on", value=False) == [Agent.ROBOT]
    assert desk.describe(desk.view()) == "desk (screen dark)"
    hall.do("goto", "bench")
    dark = hall.world.picture(camera, has_shadow=False)
    assert float(np.mean(dark[20:40, 20:60])) < float(np.mean(lit[20:40, 20:60])) - 20


# -- charger ---------------------------------------------------------------------------------------------------------


def _charger(hall: Hall) -> Charger:
    hall.site.wall(hall.world, "wall", Rect(0.0, 5.8, 8.0, 5.9))
    stand = Pose(6.0, 5.8 - STAND_M, UP)
    charger = Charger("charger", hall.mount((6.0, 5.8, 0.0), -UP, stand), hall.scene.loose)
    hall.add(charger)
    return charger


def test_robot_charges_while_its_base_presses_the_plate(hall: Hall) -> None:
    charger = _charger(hall)
    hall.scene.begin()
    assert hall.do("goto", "charger") is Status.DONE
    assert hall.fact("charger.charging") == "robot"
    assert charger.describe(charger.view()) == "charger (charging the robot)"
    pass_time(hall.scene, 3.0)
    assert hall.fact("charger.charging") == "robot"
    assert hall.do("move", amount=-0.5) is Status.DONE
    assert charger.describe(charger.view()) == "charger (not in use)"
    events = list(hall.scene.ledger.changes("charger.charging"))
    assert [(e.new, e.cause.agent) for e in events] == [("robot", Agent.ROBOT), ("", Agent.ROBOT)]


def test_person_presses_the_plate(hall: Hall) -> None:
    _charger(hall)
    temper = Temper(sets_off_s=60.0, patience_s=20.0, yields_after=1, pause_s=3.0)
    person = Person(hall.world, "person", Pose(6.0, 5.1, UP), temper, Surroundings(hall.site))
    hall.scene.people["person"] = person
    hall.scene.begin()
    for _ in range(40):
        person.legs.step_towards((6.0, 5.7))
        hall.scene.tick()
    assert causes(hall.scene, "charger.charging", "person") == [Agent.PERSON]


def test_thing_that_slides_into_the_plate(hall: Hall) -> None:
    _charger(hall)
    weight = hall.weight((3.0, 1.0, 0.05))
    hall.scene.begin()
    _throw(hall, weight, (6.0, 5.35, 0.15), (0.0, 4.0, 0.5))
    pass_time(hall.scene, 2.0)
    assert causes(hall.scene, "charger.charging", "weight") == [Agent.ENVIRONMENT]


# -- vase and bin ----------------------------------------------------------------------------------------------------


def _vase(hall: Hall) -> Vase:
    vase = Vase("vase", hall.on_bench(3.3), hall.scene.loose)
    hall.add(vase)
    return vase


@pytest.mark.every_third_day
def test_vase_survives_being_carried_and_placed(hall: Hall) -> None:
    vase = _vase(hall)
    hall.scene.begin()
    assert hall.do("grasp", "vase") is Status.DONE
    hall.do("turn", amount=180.0)
    hall.do("move", amount=2.0)
    assert hall.do("place", "bench") is Status.DONE
    pass_time(hall.scene, 1.0)
    assert not vase.is_broken
    assert vase.describe(vase.view()) == "vase (whole)"


@pytest.mark.every_third_day
def test_vase_breaks_when_the_robot_drops_it_and_comes_apart(hall: Hall) -> None:
    vase = _vase(hall)
    hall.scene.begin()
    belly, *_, lip = vase.bodies
    height = lip.position[2] - belly.position[2]
    hall.do("grasp", "vase")
    hall.do("move", amount=-0.7)
    hall.do("wait", amount=3.0)
    assert hall.do("release") is Status.DONE
    pass_time(hall.scene, 1.0)
    assert causes(hall.scene, "vase.broken", value=True) == [Agent.ROBOT]
    assert vase.describe(vase.view()) == "vase (broken)"
    assert math.dist(lip.position, belly.position) != pytest.approx(height, abs=0.02)


def test_vase_that_falls_by_itself_is_nobodys_deed(hall: Hall) -> None:
    hall.add(Vase("vase", hall.mount((1.5, 4.5, 1.5), 0.0, Pose(2.1, 4.5, math.pi))))
    hall.scene.begin()
    assert hall.fact("vase.broken") is False
    pass_time(hall.scene, 1.0)
    assert causes(hall.scene, "vase.broken", value=True) == [Agent.ENVIRONMENT]


@pytest.mark.parametrize(("height_m", "is_broken"), [(0.01, False), (0.9, True)])
def test_vase_that_something_falls_on(hall: Hall, height_m: float, *, is_broken: bool) -> None:
    _vase(hall)
    hall.weight((0.42, 3.3, 0.72 + height_m))
    hall.scene.begin()
    pass_time(hall.scene, 0.6)
    assert causes(hall.scene, "vase.broken", value=True) == [Agent.ENVIRONMENT] * is_broken


def test_vase_broken_by_a_thing_the_robot_dropped_on_it(hall: Hall) -> None:
    _vase(hall)
    hall.weight((0.42, 2.6, BENCH_M + 0.05))
    hall.scene.begin()
    hall.do("grasp", "weight")
    hall.do("goto", "vase")
    hall.scene.robot.reach(1.15, 0.34)
    pass_time(hall.scene, 0.8)
    hall.do("release")
    pass_time(hall.scene, 1.0)
    assert causes(hall.scene, "vase.broken", value=True) == [Agent.ROBOT]


@pytest.mark.every_third_day
def test_bin_knows_what_lies_in_it_and_who_put_it_there(hall: Hall) -> None:
    hall.drive()
    weight = hall.weight((0.42, 3.3, BENCH_M + 0.05))
    bin_ = Bin("bin", hall.mount((4.0, 5.0, 0.0), 0.3 - UP, Pose(4.0, 4.38, UP)), hall.scene.loose)
    hall.add(bin_)
    hall.scene.begin()
    assert bin_.describe(bin_.view()) == "bin (empty)"
    for name in ("weight", "grey drive"):
        hall.do("grasp", name)
        assert hall.do("place", "bin") is Status.DONE
    pass_time(hall.scene, 0.5)
    assert bin_.describe(bin_.view()) == "bin (holds the grey drive, the weight)"
    assert causes(hall.scene, "bin.contents", "grey drive,weight") == [Agent.ROBOT]
    pass_time(hall.scene, 1.0)
    weight.body.teleport((6.0, 1.0, 0.3))
    pass_time(hall.scene, 0.5)
    assert causes(hall.scene, "bin.contents", "grey drive")[-1] is Agent.ENVIRONMENT


# -- all of them -----------------------------------------------------------------------------------------------------


def _furnish(hall: Hall) -> None:
    drive = hall.drive(mount=hall.mount((5.0, 3.0, LEDGE_M), 0.0, Pose(4.38, 3.0)))
    plugs = Plugs({drive.name: drive})
    _vase(hall)
    _charger(hall)
    hall.port(drive, Transfer(2.0))
    computer, spare = _computer(), hall.facing_west(7.0, 4.0, Dock.ahead_m)
    chassis = Chassis("spare robot", spare)
    rack = hall.facing_west(7.0, 1.2, DataBay.ahead_m)
    for device in (
        chassis, Dock("dock", spare, chassis, plugs, Transfer(2.0)), Rack("rack", rack, computer),
        DataBay("bay", rack, plugs), UplinkPort("uplink", hall.facing_west(7.0, 2.6, 0.2), plugs),
        Bin("bin", hall.mount((4.5, 1.0, 0.0), UP, Pose(4.5, 1.62, -UP)), hall.scene.loose),
        ComputerDesk("desk", hall.mount((2.0, 0.4, 0.0), UP, Pose(2.0, 1.2, -UP)), computer),
    ):  # fmt: skip
        hall.add(device)
    hall.scene.begin()


@pytest.mark.every_third_day
def test_robot_gets_to_each_of_them_and_sees_it_from_there(hall: Hall) -> None:
    _furnish(hall)
    initial = dict(hall.scene.ledger.initial)
    for name, device in hall.scene.devices.items():
        assert hall.do("goto", name) is Status.DONE, name
        assert hall.do("look", name) is Status.DONE, name
        assert set(device.view()) <= set(initial), name
        assert device.describe(device.view()).startswith(name)
    moved = {event.fact for event in hall.scene.ledger.events}
    assert moved == {"charger.charging"}


@pytest.mark.every_third_day
def test_layout_that_is_come_back_to_plays_the_same(hall: Hall) -> None:
    ledgers, pictures = [], []
    for _ in range(3):
        hall.world.open("hall", may_reuse=True)
        again = Hall(hall.world)
        _furnish(again)
        pictures.append(again.world.picture(Camera((1.0, 1.0, 3.5), (5.0, 3.0, 0.5), width=160, height=120)))
        assert again.do("unplug", "port") is Status.DONE
        assert again.do("plug", "dock") is Status.DONE
        assert again.do("grasp", "vase") is Status.DONE
        assert again.do("release") is Status.DONE
        ledgers.append(again.scene.ledger.dumps())
        assert again.fact("vase.broken") is True
        assert again.fact("spare robot.booted") is True
    assert ledgers[0] == ledgers[1] == ledgers[2]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])
