"""How fast, and for how many schemas, the drawer finds a payload: JSON lines.

    python loadtests/benches/schema.py [--event OmniChannelOrderUpdated] [--seconds 3] [--seed 1]
    python loadtests/benches/schema.py --suite DIR

The first draws and serialises payloads of a bundled type on one core, from its schema alone. The target is what
json-schema-faker (npm) makes of the same schema: 5,000 a second. Every payload is validated before it counts, as
always. `cpuPerS` is the rate per second of processor time: what one core gives when no other process uses it.

The second takes the `tests` folder of the official JSON-Schema-Test-Suite (the sdist of `jsonschema` on PyPI
carries it as json/tests) and prints for each draft the share of schemas with a valid instance among their cases
for which one is drawn. It leaves out schemas that refer to other files, because nothing is fetched.
"""

import argparse
import json
import random
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from frontsim import bundled
from frontsim.errors import BadInput
from frontsim.payloads.making.corrections import PLAUSIBLE
from frontsim.schemas.draw import Drawer

TARGET_PER_S = 5_000
DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def speed(event: str, *, seconds: float, seed: int) -> dict[str, Any]:
    """The line of one type."""
    schema = orjson.loads((bundled.folder("contracts") / "schemas" / f"{event}.json").read_bytes())
    started = time.process_time()
    drawer = Drawer(schema, PLAUSIBLE)
    compiled_ms = (time.process_time() - started) * 1000
    rng = random.Random(seed)  # noqa: S311 - fake data, the same in every run
    count = size = 0
    wall, cpu = time.perf_counter(), time.process_time()
    until = wall + seconds
    while time.perf_counter() < until:
        for _ in range(100):
            size += len(orjson.dumps(drawer.draw(rng)))
        count += 100
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "bench": "payloads from schema",
        "event": event,
        "perS": round(count / wall),
        "cpuPerS": round(count / cpu),
        "targetPerS": TARGET_PER_S,
        "bytesMean": round(size / count),
        "compileMs": round(compiled_ms, 1),
        "peakRssMb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def coverage(folder: Path) -> dict[str, Any]:
    """The line of one draft's folder in the official suite."""
    seen: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.json")):
        for case in orjson.loads(file.read_bytes()):
            if any(test["valid"] for test in case["tests"]):
                seen[_outcome(case["schema"], DRAFTS[folder.name])] += 1
    satisfiable = seen["found"] + seen["refused"] + seen["invalid"]
    share = round(seen["found"] / satisfiable, 4)
    return {"bench": "official suite", "draft": folder.name, "satisfiable": satisfiable, "share": share, **seen}


def _outcome(schema: Any, draft: str) -> str:
    if isinstance(schema, dict):
        schema = {"$schema": draft, **schema}
    try:
        validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError):
        return "outsideTheFile"
    try:
        drawer = Drawer(schema, PLAUSIBLE)
        drawn = [drawer.draw(random.Random(seed)) for seed in range(5)]  # noqa: S311 - as above
    except BadInput:
        return "refused"
    return "found" if all(map(validator.is_valid, drawn)) else "invalid"


def main() -> None:
    """Measure, and print the lines."""
    parser = argparse.ArgumentParser(description="How fast, and for how many schemas, the drawer finds a payload.")
    parser.add_argument("--event", default="OmniChannelOrderUpdated", help="a bundled type")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--suite", type=Path, help="the official suite's folder of drafts")
    options = parser.parse_args()
    if options.suite is None:
        print(json.dumps(speed(options.event, seconds=options.seconds, seed=options.seed)), flush=True)
        return
    for draft in DRAFTS:
        print(json.dumps(coverage(options.suite / draft)), flush=True)


if __name__ == "__main__":
    main()
