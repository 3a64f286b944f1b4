"""Writes the package's people.json anew from Faker: `python tests/payloads/world/refill_people.py`.

The names are drawn once and kept, so that payloads stay the same bytes whatever version of Faker, if any, is
installed. Writing them anew changes every payload: that is a new version of the product.
"""

import json
from pathlib import Path
from typing import Any

import faker

TARGET = Path(__file__).parents[3] / "simulator/frontsim/payloads/master_data/people.json"
LOCALES = {"NO": "no_NO", "SE": "sv_SE", "DK": "da_DK", "FI": "fi_FI"}
SEED = 20211209


def pool() -> dict[str, Any]:
    """Names, streets, towns and companies by country, as this Faker draws them."""
    return {country: _country(locale) for country, locale in LOCALES.items()}


def _country(locale: str) -> dict[str, list[Any]]:
    fake = faker.Faker(locale)
    fake.seed_instance(SEED)
    return {
        "female": _distinct(fake.first_name_female, 64),
        "male": _distinct(fake.first_name_male, 64),
        "family": _distinct(fake.last_name, 80),
        "streets": _distinct(fake.street_name, 128),
        "towns": [[fake.postcode(), name] for name in _distinct(fake.city, 64)],
        "companies": _distinct(fake.company, 48),
    }


def _distinct(draw: Any, count: int) -> list[str]:
    drawn = dict.fromkeys(draw() for _ in range(40 * count))
    return sorted(list(drawn)[:count])


if __name__ == "__main__":
    lists = {
        country: ",\n".join(f'    "{kind}": {json.dumps(names, ensure_ascii=False)}' for kind, names in kinds.items())
        for country, kinds in pool().items()
    }
    TARGET.write_text("{\n" + ",\n".join(f'  "{name}": {{\n{text}\n  }}' for name, text in lists.items()) + "\n}\n")
