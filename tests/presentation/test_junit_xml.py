"""Sums of suites, and the document that every CI reads."""

from xml.etree import ElementTree as ET

from frontsim.presentation import junit_xml


def suite(name: str, *endings: str) -> ET.Element:
    made = ET.Element("testsuite", name=name, tests=str(len(endings)))
    for ending in endings:
        case = ET.SubElement(made, "testcase", name="c")
        if ending != "passed":
            ET.SubElement(case, ending)
    junit_xml.count_endings(made)
    return made


def test_a_suite_counts_how_its_cases_ended() -> None:
    made = suite("one", "failure", "failure", "error", "skipped", "skipped", "skipped", "passed")
    assert ("2", "1", "3") == (made.get("failures"), made.get("errors"), made.get("skipped"))


def test_a_document_has_the_sums_of_its_suites() -> None:
    suites = [suite("one", "failure", "passed"), suite("two", "error", "failure", "skipped")]
    text = junit_xml.document("frontsim", suites, duration_s=1.5)
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<testsuites ')
    root = ET.fromstring(text)
    numbers = {"tests": "5", "failures": "2", "errors": "1", "skipped": "1", "time": "1.500"}
    assert {"name": "frontsim", **numbers} == root.attrib
    assert ["one", "two"] == [each.get("name") for each in root]


def test_a_document_of_no_suite() -> None:
    root = ET.fromstring(junit_xml.document("frontsim", [], duration_s=0))
    assert ("0", "0.000") == (root.get("tests"), root.get("time"))
