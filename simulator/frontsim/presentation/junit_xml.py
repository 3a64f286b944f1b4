"""JUnit XML, as every CI reads it: suites that count how their cases ended, and the document around them."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

_TAG_OF = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def count_endings(suite: ET.Element) -> None:
    """Set how many cases of a suite failed, could not be judged, and were skipped."""
    for name, tag in _TAG_OF.items():
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def document(name: str, suites: Iterable[ET.Element], *, duration_s: float) -> str:
    """The whole file: the suites, with the sums of their counts."""
    root = ET.Element("testsuites", name=name)
    root.extend(suites)
    for count in ("tests", *_TAG_OF):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{duration_s:.3f}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
