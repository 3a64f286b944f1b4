"""What stands below Locust's own page: red as soon as something is doubled or missing, with ids and a chart."""

from collections.abc import Sequence
from html import escape

from frontsim.load.master.live import SoFar

REFRESH_S = 5
_WIDTH, _HEIGHT = 600, 80
_LINES = (("missing", "#b45309"), ("duplicated", "#b91c1c"))
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{refresh}"><title>Lost and duplicated</title>
<style>
body {{ margin: 0; padding: .5rem 1rem; font: 14px system-ui, sans-serif; color: #fff; background: {colour} }}
code {{ font-size: 12px }} svg {{ background: #fff; width: 100%; height: {height}px }} p {{ margin: .3rem 0 }}
</style>
<p role="status"><strong>{headline}</strong></p>{ids}{chart}</html>
"""


def live_page(looks: Sequence[SoFar]) -> str:
    """The page of the looks so far. `missing` may still be booked; what is booked twice stays so."""
    last = looks[-1] if looks else SoFar()
    words = [f"{last.duplicated:,} duplicated"] if last.duplicated else []
    words += [f"{last.missing:,} acknowledged and not booked so far"] if last.missing else []
    colour = "#b91c1c" if last.duplicated else "#b45309" if last.missing else "#15803d"
    ids = "".join(f"<code>{escape(each)}</code> " for each in last.duplicated_ids)
    return _PAGE.format(
        refresh=REFRESH_S,
        colour=colour,
        height=_HEIGHT,
        headline=escape(", ".join(words) or f"Nothing lost or duplicated so far, of {last.events:,} events"),
        ids=f"<p>Booked more than once: {ids}</p>" if ids else "",
        chart=_chart(looks) if len(looks) > 1 else "",
    )


def _chart(looks: Sequence[SoFar]) -> str:
    """Both numbers over the looks, to one scale."""
    top = max(1, *(max(look.missing, look.duplicated) for look in looks))
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{_points(looks, name, top)}">'
        f"<title>{name}</title></polyline>"
        for name, colour in _LINES
    )
    label = f"missing and duplicated, look by look; the highest is {top:,}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{lines}</svg>"
        f"<p>missing (brown) and duplicated (red), look by look; top: {top:,}</p>"
    )


def _points(looks: Sequence[SoFar], name: str, top: int) -> str:
    step = _WIDTH / (len(looks) - 1)
    values = [getattr(look, name) for look in looks]
    return " ".join(
        f"{place * step:.0f},{_HEIGHT - 2 - (_HEIGHT - 4) * value / top:.0f}" for place, value in enumerate(values)
    )
