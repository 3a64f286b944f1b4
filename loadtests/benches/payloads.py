"""How fast payloads are built, and whether all of them are valid.

`python loadtests/benches/payloads.py` prints JSON lines: payloads a second, built and serialised on one core.
With `--validate` it builds 21 types x 10,000 payloads over 20 seeds and checks each with both validators.
"""

import argparse
import json
import time
from collections.abc import Iterator
from itertools import count

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads

TARGETS = {"StockMovementCreated": 50_000, "SaleCreated": 25_000, "OmniChannelOrderUpdated": 25_000}
AVERAGE = 20_000
WARM_UP = 2_000


def speed(payloads: Payloads, event: str, seconds: float) -> float:
    """Payloads a second of processor time."""
    for number in range(WARM_UP):
        payloads.build(event, number)
    made, start = 0, time.process_time()
    for number in count(WARM_UP):
        if made % 256 == 0 and time.process_time() - start >= seconds:
            break
        payloads.build(event, number)
        made += 1
    return made / (time.process_time() - start)


def bench(seconds: float) -> Iterator[dict[str, object]]:
    """One line for each type, and one for the average: the harmonic mean, as for a mix of equal parts."""
    types = catalog.load()
    payloads = Payloads(types, seed=1)
    rates = []
    for kind in types:
        rate = speed(payloads, kind.name, seconds)
        rates.append(rate)
        yield {"bench": "payloads", "event": kind.name, "per_s": round(rate), "target": TARGETS.get(kind.name)}
    mean = len(rates) / sum(1 / rate for rate in rates)
    yield {"bench": "payloads", "event": "average", "per_s": round(mean), "target": AVERAGE}


def validate(each: int, seeds: int) -> Iterator[dict[str, object]]:
    """One line for each type: how many were built, are invalid, and are valid to one validator alone."""
    types = catalog.load()
    for kind in types:
        slow = jsonschema.Draft202012Validator(
            kind.schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        invalid = disputed = 0
        for seed in range(seeds):
            payloads = Payloads(types, seed=seed)
            for number in range(seed, each, seeds):
                body = payloads.build(kind.name, number).body
                verdicts = {types.is_valid(kind.name, body), slow.is_valid(json.loads(body))}
                invalid += verdicts != {True}
                disputed += len(verdicts) == 2
        yield {"check": "payloads", "event": kind.name, "made": each, "invalid": invalid, "disputed": disputed}


def main() -> int:
    """Print the lines; 1 if a payload is invalid or disputed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--validate", action="store_true", help="check instead of measuring")
    parser.add_argument("--count", type=int, default=10_000, help="payloads of each type to check (10000)")
    parser.add_argument("--seeds", type=int, default=20, help="seeds to spread them over (20)")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long to measure each type (0.3)")
    given = parser.parse_args()
    lines = validate(given.count, given.seeds) if given.validate else bench(given.seconds)
    failed = False
    for line in lines:
        print(json.dumps(line), flush=True)
        failed = failed or bool(line.get("invalid") or line.get("disputed"))
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
