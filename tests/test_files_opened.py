"""A file that a user names is written where the user meant, and read by whom the user meant."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from frontsim import files
from frontsim.files import opened, unplanted


@pytest.fixture
def of_all(tmp_path: Path) -> Path:
    """A folder that all may write to, as /tmp is."""
    folder = tmp_path / "all"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.fixture
def another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """We are one who owns none of the test's files."""
    monkeypatch.setattr(files, "_trusted", set)


def writes(file: Path, text: bytes = b"new", *, mode: str = "wb", private: bool = False) -> None:
    with opened(file, mode, private=private) as writer:
        writer.write(text)


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_only_the_user_reads_a_private_file(tmp_path: Path) -> None:
    """Whatever the umask; a report follows it."""
    before = os.umask(0)
    try:
        writes(tmp_path / "log", private=True)
        writes(tmp_path / "report")
    finally:
        os.umask(before)
    assert (0o600, 0o666) == (mode_of(tmp_path / "log"), mode_of(tmp_path / "report"))


def test_a_link_of_the_users_own_is_followed(tmp_path: Path) -> None:
    """As a folder of reports that lies on another disk, and a link to a link."""
    (tmp_path / "there").mkdir()
    (tmp_path / "folder").symlink_to("there")
    (tmp_path / "again").symlink_to(tmp_path / "folder")
    writes(tmp_path / "again" / "report")
    assert b"new" == (tmp_path / "there" / "report").read_bytes()


def test_a_link_where_all_may_write_is_refused(of_all: Path) -> None:
    """It would lead the report, or what else a stranger likes, to a file of the user's."""
    victim = of_all.parent / "victim"
    victim.write_text("old")
    (of_all / "report").symlink_to(victim)
    (of_all / "by").symlink_to(of_all.parent)
    for file in (of_all / "report", of_all / "by" / "victim"):
        with pytest.raises(PermissionError, match="a link that another user may have made"):
            writes(file)
    assert "old" == victim.read_text()


@pytest.mark.usefixtures("another_user")
def test_what_another_user_made_is_refused(of_all: Path) -> None:
    """A link anywhere; a file where all may write, which its maker would read."""
    (of_all.parent / "theirs").symlink_to(of_all.parent / "victim")
    (of_all / "report").write_text("old")
    with pytest.raises(PermissionError, match="a link that another user may have made"):
        writes(of_all.parent / "theirs")
    with pytest.raises(PermissionError, match="a file of another user in a folder that all may write to"):
        writes(of_all / "report")
    writes(of_all / "new")


def test_a_loop_of_links_is_an_error_of_the_system(tmp_path: Path) -> None:
    """It ends."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic link"):
        writes(tmp_path / "a")


def test_a_pipe_and_a_device_are_written(tmp_path: Path) -> None:
    """A named pipe, a descriptor that a shell opened (`>(...)`), and nothing."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    writes(tmp_path / "pipe")
    assert b"new" == os.read(reader, 10)
    os.close(reader)
    reads, descriptor = os.pipe()
    writes(Path(f"/dev/fd/{descriptor}"))
    assert b"new" == os.read(reads, 10)
    os.close(reads)
    os.close(descriptor)
    writes(Path("/dev/null"))
    assert Path("/dev/null") == unplanted(Path("/dev/null"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_standard_output_goes_on_where_it_is(tmp_path: Path, name: str) -> None:
    """It is not begun anew where it is a file: what was printed before stays."""
    code = (
        "from pathlib import Path; from frontsim.files import opened; print('before', flush=True)\n"
        f"with opened(Path({name!r}), 'wb') as out: out.write(b'report\\n')\n"
        "print('after')"
    )
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert "before\nreport\nafter\n" == (tmp_path / "out").read_text()
