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
      - run: pip install frontsim
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
    - pip install frontsim
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
  - script: pip install frontsim
  # Without receiver-cmd in the configuration: start your receiver here, in the background.
  - script: frontsim verify --junit frontsim.xml --html frontsim.html
  - task: PublishTestResults@2
    condition: always()
    inputs:
      testResultsFiles: frontsim.xml
"""


@dataclass(frozen=True, slots=True)
class CiJob:
    """Where a job's file stands in a project, what is in it, and what is left to do; "" for nothing."""

    file: str
    text: str
    then: str = ""


JOBS: Mapping[str, CiJob] = {
    "github": CiJob(".github/workflows/frontsim.yml", _GITHUB),
    "gitlab": CiJob(".gitlab/frontsim.yml", _GITLAB, "add `include: .gitlab/frontsim.yml` to .gitlab-ci.yml"),
    "azure": CiJob("azure-pipelines.frontsim.yml", _AZURE, "make a pipeline of that file in Azure DevOps"),
}
