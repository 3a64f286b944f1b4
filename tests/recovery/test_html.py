import re

from frontsim.recovery.html import as_html
from tests.recovery.test_report import RIGHT, WRONG, report


def test_the_page_runs_nothing_that_a_job_prints() -> None:
    """The wrong case stands first."""
    page = as_html(report(RIGHT, WRONG))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert re.search(r"violated.*verified", page, re.DOTALL | re.IGNORECASE)
