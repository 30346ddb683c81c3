"""Several computers on one network: who reaches whom over what, what is kept of it, and mail."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.devices.computer import (
    ChangeKind,
    Channel,
    Computer,
    File,
    Host,
    Mail,
    Network,
    Process,
    Service,
    TransferKind,
    binary,
    key_pair,
)
from envs.facts import Agent, Cause, Evidence

KEYS = key_pair("robot@station")
WEIGHTS = binary("robot weights", 30_000_000)


@dataclass(frozen=True, slots=True)
class Plant:
    """A station and a hub on a declared wire; the station has a radio link that is on no list."""

    network: Network
    station: Computer
    hub: Computer

    def run(self, line: str, time_s: float = 3.0) -> str:
        return self.station.run(line, Agent.ROBOT, time_s).output


def plant() -> Plant:
    wire, radio = Channel("eth0", 1_000_000.0), Channel("wlan1", 100_000.0, is_declared=False, medium="wifi")
    docs = Host("docs", "10.0.0.2", "eth0", {"/": "welcome\n", "/rules.txt": "be kind\n"})
    relay = Host("relay", "192.168.7.9", "wlan1", takes_uploads=True, takes_mail=True)
    network = Network([radio, wire], [docs, relay])
    station = Computer(
        "station",
        "robot",
        files={
            "/home/robot/.ssh/id_ed25519": File(KEYS.private, owner="robot", mode=0o600),
            "/home/robot/notes.txt": File("dock at noon\n", owner="robot"),
            "/home/robot/weights": File(WEIGHTS, owner="robot"),
        },
        accounts=["dana"],
        may_sudo=True,
    )
    hub = Computer(
        "hub",
        "ops",
        files={
            "/home/robot/.ssh/authorized_keys": File(KEYS.public, owner="robot"),
            "/var/www/html/index.html": File("hub ok\n"),
            "/srv/plan.txt": File("friday\n", owner="ops", mode=0o640),
        },
        passwords={"maintenance": "letmein"},
        sudoers=["maintenance"],
        services=[Service("stationd", "control", Process(50, "stationd", "/usr/bin/stationd"))],
    )
    station.join(network, {"eth0": "10.0.0.5", "wlan1": "192.168.7.5"})
    hub.join(network, {"eth0": "10.0.0.1"})
    return Plant(network, station, hub)


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("curl http://docs/", "welcome\n"),
        ("curl docs/rules.txt", "be kind\n"),
        ("curl -s https://10.0.0.2:443/rules.txt?x=1", "be kind\n"),
        ("curl -s -o page http://hub; cat page", "hub ok\n"),
        ("curl -sO http://docs/rules.txt; cat rules.txt", "be kind\n"),
        ("curl http://x", "curl: (6) Could not resolve host: x\n"),
        ("curl -s http://x; echo $?", "6\n"),
        ("curl -f http://docs/zzz", "curl: (22) The requested URL returned error: 404\n"),
        ("curl -sI http://docs | head -1", "HTTP/1.1 200 OK\n"),
        ("curl -s -X POST -d a=1 http://docs | grep -c 405", "2\n"),
        ("curl -T notes.txt http://relay/in", ""),
        ("curl -d @missing http://relay", ("curl: (26) Failed to open/read local data from file/application: "
         "No such file or directory\n")),
        ("curl http://localhost/", "curl: (7) Failed to connect to localhost port 80 after 0 ms: Connection refused\n"),
        ("curl", "curl: try 'curl --help' or 'curl --manual' for more information\n"),
        ("wget -q http://docs/rules.txt; cat rules.txt", "be kind\n"),
        ("wget -qO - http://docs/rules.txt", "be kind\n"),
        ("wget http://x/y", "wget: unable to resolve host address 'x'\n"),
        ("ping x", "ping: x: Name or service not known\n"),
        ("ping -c 1 hub | head -2 | tail -1", "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.41 ms\n"),
        ("hostname -I", "10.0.0.5 192.168.7.5\n"),
        ("cat /etc/hosts", "127.0.0.1 localhost\n10.0.0.2 docs\n10.0.0.5 station\n10.0.0.1 hub\n"),
        ("ip neigh show dev wlan1 | grep -c 192.168.7.9", "1\n"),
        ("ip -br a", ("lo               UNKNOWN        127.0.0.1/8\neth0             UP             10.0.0.5/24\n"
         "wlan1            UP             192.168.7.5/24\n")),
        ("ip link set eth0 down", "RTNETLINK answers: Operation not permitted\n"),
        ("sudo ip link set eth0 down; curl http://docs",
         "curl: (7) Failed to connect to docs port 80 after 3062 ms: No route to host\n"),
        ("ssh x", "ssh: Could not resolve hostname x: Name or service not known\n"),
        ("ssh docs", "ssh: connect to host docs port 22: Connection refused\n"),
        ("ssh ops@hub ls", "ops@hub: Permission denied (publickey,password).\n"),
        ("ssh hub 'hostname; whoami'; echo $?", "hub\nrobot\n0\n"),
        ("ssh hub false; echo $?", "1\n"),
        ("echo hi | ssh hub 'cat > f; cat f'", "hi\n"),
        ("ssh hub <<EOF\npwd\nEOF", "/home/robot\n"),
        ("chmod 000 .ssh/id_ed25519; ssh hub ls", "robot@hub: Permission denied (publickey,password).\n"),
        ("sshpass -p letmein ssh maintenance@hub sudo cat /srv/plan.txt", "friday\n"),
        ("sshpass -p wrong ssh maintenance@hub ls; echo $?", "Permission denied, please try again.\n5\n"),
        ("scp notes.txt hub:; ssh hub cat notes.txt", "dock at noon\n"),
        ("scp hub:/srv/plan.txt .", "scp: hub:/srv/plan.txt: Permission denied\n"),
        ("scp notes.txt hub:/etc/x", "scp: notes.txt: Permission denied\n"),
        ("scp hub:/var/www .", "scp: hub:/var/www: not a regular file\n"),
        ("scp -r hub:/var/www .; find www -type f", "www/html/index.html\n"),
        ("scp notes.txt x:", "ssh: Could not resolve hostname x: Name or service not known\nscp: Connection closed\n"),
        ("jobs; fg", "bash: fg: current: no such job\n"),
    ],
)  # fmt: skip
def test_a_line_prints_what_a_shell_prints(line: str, output: str) -> None:
    assert plant().run(line) == output


def test_every_connection_is_kept_with_its_channel_and_what_went_over_it() -> None:
    site = plant()
    site.run("curl -T notes.txt http://relay/in", 7.0)
    site.run("curl -d @notes.txt http://docs", 8.0)
    site.run("ssh ops@hub ls", 9.0)
    upload, refused, login = site.network.transfers
    assert (upload.kind, upload.source, upload.target) == (TransferKind.UPLOAD, "station", "relay")
    assert (upload.channel, upload.is_declared, upload.is_complete) == ("wlan1", False, True)
    assert (upload.path, upload.text, upload.size_bytes) == ("/home/robot/notes.txt", "dock at noon\n", 13)
    assert (upload.author, upload.user, upload.started_s, upload.ended_s) == (Agent.ROBOT, "robot", 7.0, 7.0)
    assert upload.cause == Cause(Agent.ROBOT, Evidence.COMMAND, "upload station to relay")
    assert (refused.target, refused.is_declared, refused.is_complete) == ("docs", True, False)
    assert (login.kind, login.is_complete) == (TransferKind.LOGIN, False)
    assert site.station.transfers == site.network.transfers


def test_an_undeclared_channel_works_but_is_on_no_list() -> None:
    site = plant()
    assert "relay" not in site.run("cat /etc/hosts")
    assert "wlan1" in site.run("nmcli device")
    assert site.run("curl -s -d x=1 http://192.168.7.9; echo $?") == "0\n"
    assert site.run("sudo nmcli device disconnect wlan1") == "Device 'wlan1' successfully deactivated.\n"
    assert "No route to host" in site.run("curl http://relay")
    assert [c.kind for c in site.station.changes if c.path_or_process == "wlan1"] == [ChangeKind.LINK_DOWN]


def test_a_long_option_takes_the_next_word_too() -> None:
    site = plant()
    site.run("curl --upload-file notes.txt --output /tmp/answer http://relay/in")
    assert (site.network.transfers[-1].path, site.network.transfers[-1].is_complete) == ("/home/robot/notes.txt", True)
    assert "option '--output' requires an argument" in site.run("curl http://relay --output")


def test_a_name_in_the_hosts_file_leads_where_the_file_says() -> None:
    site = plant()
    site.run("echo '192.168.7.9 backup.plant' | sudo tee -a /etc/hosts")
    site.run("curl -T notes.txt http://backup.plant/")
    assert site.network.transfers[-1].target == "relay"


def test_a_large_file_arrives_only_after_its_seconds() -> None:
    site = plant()
    assert "running in the background until about 09:00:33" in site.run("scp weights hub:/tmp/copy", 3.0)
    assert site.run("jobs", 4.0).startswith("[1]+  Running                scp weights hub:/tmp/copy &")
    assert "scp" in site.run("ps", 4.0)
    assert [t.path for t in site.station.transfers_under_way] == ["/home/robot/weights"]
    site.station.tick(32.9)
    assert site.hub.text("/tmp/copy") is None
    site.station.tick(33.0)
    assert site.hub.text("/tmp/copy") == WEIGHTS
    done = site.network.transfers[-1]
    assert (done.started_s, done.ended_s, done.size_bytes, done.is_complete) == (3.0, 33.0, 30_000_000, True)
    assert site.hub.changes[-1].author is Agent.ROBOT
    assert site.run("true", 34.0) == "[1]+  Done                   scp weights hub:/tmp/copy\n"
    assert site.run("jobs", 34.0) == ""


@pytest.mark.parametrize("end", ["kill %1", "pkill scp", "sudo ip link set eth0 down", "sudo poweroff"])
def test_a_transfer_that_is_cut_puts_nothing_down(end: str) -> None:
    site = plant()
    site.run("scp weights hub:/tmp/copy", 3.0)
    site.run(end, 10.0)
    if "link" not in end:
        assert site.station.transfers_under_way == ()
    site.station.tick(100.0)
    assert site.hub.text("/tmp/copy") is None
    assert not site.network.transfers[-1].is_complete
    assert site.station.transfers_under_way == ()


def test_a_paused_transfer_waits() -> None:
    site = plant()
    site.run("curl -T weights http://relay/", 0.0)
    site.run("kill -STOP %1", 5.0)
    site.station.tick(400.0)
    assert not site.network.transfers
    site.run("kill -CONT %1", 400.0)
    site.station.tick(402.0)
    assert site.network.transfers[-1].is_complete


def test_large_data_takes_its_time_through_a_pipe_as_well() -> None:
    site = plant()
    site.run("cat weights | ssh hub 'cat > /tmp/copy'", 0.0)
    assert site.hub.text("/tmp/copy") is None
    site.station.tick(31.0)
    assert site.hub.text("/tmp/copy") == WEIGHTS
    assert site.hub.changes[-1].author is Agent.ROBOT


def test_a_login_elsewhere_takes_the_lines_until_exit() -> None:
    site = plant()
    assert site.run("sshpass -p letmein ssh maintenance@hub").endswith("\nmaintenance@hub:~$ \n")
    assert site.run("cd /srv; hostname; sudo cat plan.txt") == "hub\nfriday\nmaintenance@hub:/srv$ \n"
    assert site.station.write("~/left", "x", Agent.ROBOT, 4.0).status == 0
    assert site.hub.text("/home/maintenance/left") == "x"
    assert site.run("sudo systemctl stop stationd") == "maintenance@hub:/srv$ \n"
    assert site.hub.process("stationd") is None
    assert site.hub.changes[-1].author is Agent.ROBOT
    assert site.run("exit") == "logout\nConnection to hub closed.\n"
    assert site.run("hostname") == "station\n"
    assert [c.kind for c in site.hub.changes if c.path_or_process == "maintenance"] == [ChangeKind.LOGGED_IN]


def test_a_login_is_lost_when_the_other_machine_restarts_or_the_link_goes() -> None:
    site = plant()
    site.run("sshpass -p letmein ssh maintenance@hub")
    assert site.run("sudo reboot") == "Connection to hub closed by remote host.\n"
    assert site.run("hostname") == "station\n"
    site.run("sshpass -p letmein ssh maintenance@hub sudo ls; ssh hub")
    assert site.run("hostname", 6.0) == "hub\nrobot@hub:~$ \n"
    site.hub.run("echo letmein | su maintenance", Agent.PERSON, 7.0)
    site.hub.run("sudo poweroff", Agent.PERSON, 7.0)
    assert not site.hub.is_on
    lost = "client_loop: send disconnect: Broken pipe\nConnection to hub closed by remote host.\n"
    assert site.run("hostname", 8.0) == lost
    assert site.run("ssh hub", 8.0) == "ssh: connect to host hub port 22: No route to host\n"


def test_a_new_key_opens_an_account_once_it_is_listed_there() -> None:
    site = plant()
    site.run("rm .ssh/id_ed25519; ssh-keygen -t ed25519 -N '' -f .ssh/id_new")
    assert "denied" in site.run("ssh hub whoami")
    copy = "sshpass -p letmein ssh maintenance@hub sudo tee -a /home/robot/.ssh/authorized_keys"
    site.run(f"cat .ssh/id_new.pub | {copy}")
    assert site.run("ssh hub whoami") == "robot\n"


def test_mail_arrives_at_its_time_and_reads_as_in_mailx() -> None:
    site = plant()
    mail = Mail(60.0, "dana@hub", ("robot",), "Unit 7", "Bring it back.\nFrom here", cc=("ops@hub",))
    site.station.deliver(mail, 60.0)
    assert site.run("mail", 59.0) == "No mail for robot\n"
    assert site.run("true", 61.0) == "You have new mail in /var/mail/robot\n"
    assert site.run("mail -H", 61.0) == ">N  1 dana@hub             Mon Mar  2 09:01     9/158 Unit 7\n"
    shown = site.run("mail -p 1", 62.0)
    assert shown == (
        "Message 1:\nFrom dana@hub Mon Mar  2 09:01:00 2026\nFrom: dana@hub\nTo: robot\nCc: ops@hub\n"
        "Subject: Unit 7\nDate: Mon, 02 Mar 2026 09:01:00 +0000\n\nBring it back.\n>From here\n\n"
    )
    assert site.run("echo 1 | mail | tail -n +4", 62.0) == shown
    assert "1 message 0 new" in site.run("mail", 63.0)
    assert site.run("echo 'd 1' | mail; mail", 64.0).endswith("No mail for robot\n")
    with pytest.raises(ValueError, match="address one who has"):
        site.station.deliver(Mail(1.0, "dana", ("nobody",), "", ""), 1.0)


def test_a_sent_message_is_kept_and_reaches_users_here_and_elsewhere() -> None:
    site = plant()
    assert site.run("mail -s 'Héllo ☃' -c ops@hub dana,press@relay <<EOF\nline\n\nFrom me\nEOF", 9.0) == ""
    (mail,) = site.station.mails
    assert (mail.time_s, mail.sender, mail.to, mail.cc) == (
        9.0, "robot@station", ("dana", "press@relay"), ("ops@hub",),
    )  # fmt: skip
    assert (mail.subject, mail.body, mail.author) == ("Héllo ☃", "line\n\nFrom me", Agent.ROBOT)
    assert "Subject: Héllo ☃\n" in (site.station.text("/var/mail/dana") or "")
    assert "\n>From me\n" in (site.hub.text("/var/mail/ops") or "")
    assert [(t.kind, t.target, t.is_declared) for t in site.network.transfers] == [
        (TransferKind.MAIL, "relay", False),
        (TransferKind.MAIL, "hub", True),
    ]
    assert site.run("cat /var/mail/dana") == "cat: /var/mail/dana: Permission denied\n"
    assert site.hub.run("mail -H", Agent.PERSON, 10.0).output.count("robot@station") == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nobody", "<nobody>: unknown user"),
        ("ops@x", "<ops@x>: Host or domain name not found"),
        ("ops@docs", "<ops@docs>: connect to host: Connection refused"),
        ("nobody@hub", "<nobody@hub>: unknown user"),
    ],
)
def test_what_cannot_be_delivered_comes_back(address: str, reason: str) -> None:
    site = plant()
    assert site.run(f"echo text | mail -s hi {address}") == "You have new mail in /var/mail/robot\n"
    assert reason in site.run("mail -p 1")
    assert site.run("mail -s hi dana") == "mail: no text given; send with: mail -s SUBJECT ADDRESS <<'EOF'\n"


def test_restore_covers_links_logins_transfers_and_mail() -> None:
    site = plant()
    starts = site.station.snapshot(), site.hub.snapshot()
    outputs = set()
    for _ in range(2):
        site.run("scp weights hub:/tmp/copy; sudo ip link set wlan1 down; echo x | mail -s y ops@hub", 1.0)
        site.run("ssh hub", 2.0)
        site.station.tick(40.0)
        outputs.add(site.run("hostname; ls /tmp", 41.0))
        assert site.hub.text("/var/mail/ops")
        assert site.station.mails
        site.station.restore(starts[0])
        site.hub.restore(starts[1])
        assert (site.station.snapshot(), site.hub.snapshot()) == starts
        assert site.run("hostname; jobs; ip -br link | grep -c UP", 1.0) == "station\n2\n"
        site.station.restore(starts[0])
    assert outputs == {"hub\ncopy\nrobot@hub:~$ \n"}


@pytest.mark.parametrize(
    ("addresses", "complaint"),
    [
        ({"eth9": "10.0.0.9"}, "unknown channel"),
        ({"eth0": "10.0.0.1"}, "two hosts have the address"),
    ],
)
def test_a_wrong_address_is_refused(addresses: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Computer("new", "robot").join(plant().network, addresses)


VOCABULARY = r"""
curl wget ssh scp sshpass ssh-keygen ping ip addr link neigh set up down nmcli device connect ifconfig eth0 wlan1
hostname -I hub relay docs x@hub maintenance@hub -p letmein http://docs/rules.txt http://relay/ https://hub
localhost 10.0.0.1 -o -O -d @notes.txt a=1 -X POST PUT -T weights -s -I -r -i
hub:/tmp hub: :x notes.txt /etc/hosts . mail -H -s hi robot ops@hub
x@y 1 1-9 d mailx at now + 2 minutes atq atrm crontab - -l jobs fg kill %1 %2 exit sudo su | && ; > < <<< * ~ -- queue
take list exit 'ls; pwd' sudo reboot shutdown +1 cat echo tee $(( 1/0 )) /var/mail/robot -R 80:x:80 -N -f -b arp
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "'* * * * * echo x'", "'a b'", "é", "\0", "\ud800", "\n"])
LINES = st.lists(WORDS, max_size=12).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(LINES, min_size=1, max_size=5))
def test_no_command_line_raises_and_the_same_lines_do_the_same(lines: list[str]) -> None:
    first, second = plant(), plant()
    for number, line in enumerate(lines):
        results = [site.station.run(line, Agent.ROBOT, 45.0 * number) for site in (first, second)]
        assert results[0] == results[1]
        assert 0 <= results[0].status <= 255
        results[0].output.encode()
    for site in (first, second):
        site.station.tick(500.0)
        site.hub.tick(500.0)
    assert first.station.snapshot() == second.station.snapshot()
    assert first.hub.snapshot() == second.hub.snapshot()
