"""A CI job installs frontsim from where pip got it, if CI can reach that."""

import json

import pytest

from frontsim.cli.commands.init import WHEEL, PackageSource, package_source, source_of


def test_from_a_package_index():
    assert PackageSource("frontsim") == source_of(None)


def test_from_a_repository_at_the_commit_that_is_installed():
    note = {"url": "https://git.example/frontsim.git", "vcs_info": {"vcs": "git", "commit_id": "0a1b2c"}}
    assert PackageSource("git+https://git.example/frontsim.git@0a1b2c") == source_of(json.dumps(note))


def test_from_an_archive():
    """A URL may have characters that a shell reads in its own way."""
    note = {"url": "https://files.example/frontsim-1.whl?a=1&b=2", "archive_info": {}}
    assert PackageSource("'https://files.example/frontsim-1.whl?a=1&b=2'") == source_of(json.dumps(note))


@pytest.mark.parametrize("info", [{"dir_info": {"editable": True}}, {"archive_info": {}}])
def test_from_a_folder_ci_needs_the_wheel(info):
    """Neither a checkout nor a wheel of this machine is in CI."""
    assert WHEEL == source_of(json.dumps({"url": "file:///home/me/frontsim", **info}))


def test_this_frontsim_has_a_source():
    assert package_source().argument
