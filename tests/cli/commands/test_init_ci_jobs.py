"""The CI jobs are YAML, and run verify."""

import pytest

from frontsim.cli.commands.init import JOBS


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_installs_verifies_and_keeps_the_result(job):
    lines = [
        line.strip().removeprefix("- ").partition(": ")[2] or line.strip("- ")
        for line in job.text("./frontsim-*.whl").splitlines()
        if not line.lstrip().startswith("#")
    ]
    commands = [line for line in lines if line.startswith(("pip ", "frontsim "))]
    assert ["pip install ./frontsim-*.whl", "frontsim verify --junit frontsim.xml --html frontsim.html"] == commands
    assert "frontsim.xml" in job.template.partition("--html")[2]


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_is_yaml(job):
    yaml = pytest.importorskip("yaml")
    assert isinstance(yaml.safe_load(job.text("git+https://git.example/frontsim.git@0a1b2c")), dict)
