"""The CI jobs that `frontsim init` writes; each runs `frontsim verify` on what the configuration file says."""

from collections.abc import Mapping
from dataclasses import dataclass

_GITHUB = """\
name: frontsim
on: [push, pull_request]
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install PACKAGE
      # Without receiver-cmd in the configuration: start your receiver here, in the background.
      - run: frontsim verify --junit frontsim.xml --html frontsim.html
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: frontsim
          path: |
            frontsim.xml
            frontsim.html
"""

_GITLAB = """\
frontsim:
  image: python:3.12-slim
  script:
    - pip install PACKAGE
    # Without receiver-cmd in the configuration: start your receiver here, in the background.
    - frontsim verify --junit frontsim.xml --html frontsim.html
  artifacts:
    when: always
    paths: [frontsim.html]
    reports:
      junit: frontsim.xml
"""

_AZURE = """\
trigger: ["*"]
pool:
  vmImage: ubuntu-latest
steps:
  - task: UsePythonVersion@0
    inputs:
      versionSpec: "3.12"
  - script: pip install PACKAGE
  # Without receiver-cmd in the configuration: start your receiver here, in the background.
  - script: frontsim verify --junit frontsim.xml --html frontsim.html
  - task: PublishTestResults@2
    condition: always()
    inputs:
      testResultsFiles: frontsim.xml
"""


@dataclass(frozen=True, slots=True)
class CiJob:
    """A job.

    Args:
        file: where it stands in a project.
        template: its text, with PACKAGE for what pip installs.
        then: what the user must do before the job runs; "" for nothing.
    """

    file: str
    template: str
    then: str = ""

    def text(self, package: str) -> str:
        """The file, in which pip installs `package`."""
        return self.template.replace("PACKAGE", package)


JOBS: Mapping[str, CiJob] = {
    "github": CiJob(".github/workflows/frontsim.yml", _GITHUB),
    "gitlab": CiJob(".gitlab/frontsim.yml", _GITLAB, "add `include: .gitlab/frontsim.yml` to .gitlab-ci.yml"),
    "azure": CiJob("azure-pipelines.frontsim.yml", _AZURE, "make a pipeline of that file in Azure DevOps"),
}
