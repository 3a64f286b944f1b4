"""A run's result as one HTML file that needs no network: scenarios, findings, a timeline for each event, filters."""

from html import escape

from frontsim.verification.facts.classes import GOOD, MEANING, USUAL_CAUSE, Class
from frontsim.verification.facts.history import EventFact
from frontsim.verification.report.story import story
from frontsim.verification.report.summary import conclusion, found_in
from frontsim.verification.report.timeline import timeline
from frontsim.verification.session import Played, Report

MOST_GOOD = 60
"""Events of a scenario with nothing wrong that are shown; the wrong ones are all shown."""

_STYLE = """
:root{--ink:#1c2430;--soft:#667085;--line:#d9dee7;--paper:#fff;--back:#f5f6f8;--good:#147a4b;--bad:#c0271d;--open:#b26a00;
--band:#f3d9b8}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#9aa4b2;--line:#343c49;--paper:#1b212b;--back:#12161d;
--good:#4cc38a;--bad:#ff7a6e;--open:#f0b35a;--band:#4a3a20}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:0}
.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:16px;margin:16px 0}
.verified{color:var(--good)}.violated{color:var(--bad)}.unknown,.skipped{color:var(--open)}
nav{display:flex;flex-wrap:wrap;gap:8px;margin:16px 0}nav select,nav input{font:inherit;padding:4px 8px;color:inherit;
background:var(--paper);border:1px solid var(--line);border-radius:6px}
.event{border-top:1px solid var(--line);padding:8px 0;
display:grid;grid-template-columns:minmax(200px,300px) 1fr;gap:8px}
@media(max-width:760px){.event{grid-template-columns:1fr}}
.id{font:12px/1.4 ui-monospace,monospace;word-break:break-all}.bad-class{color:var(--bad);font-weight:600}
pre{margin:8px 0 0;padding:8px;background:var(--back);border-radius:6px;font-size:12px;
white-space:pre-wrap;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg .axis{stroke:var(--line)}svg .fault{fill:var(--band)}
svg .kill{stroke:var(--bad);stroke-dasharray:3 2}svg .run{stroke:var(--paper)}svg .good{fill:var(--good)}
svg .bad{fill:var(--bad)}svg .open{fill:var(--open)}svg text{font:10px system-ui,sans-serif;fill:var(--soft)}
svg .effects{font-size:13px;fill:var(--ink)}[hidden]{display:none!important}
"""

_SCRIPT = """
const pick = id => document.getElementById(id);
function filter() {
  const name = pick('scenario').value, kind = pick('class').value, text = pick('text').value.toLowerCase();
  for (const card of document.querySelectorAll('section[data-name]')) {
    card.hidden = !!name && card.dataset.name !== name;
    for (const row of card.querySelectorAll('.event'))
      row.hidden = (!!kind && row.dataset.class !== kind) || (!!text && !row.dataset.text.includes(text));
  }
}
for (const id of ['scenario', 'class', 'text']) pick(id).addEventListener('input', filter);
"""


def as_html(report: Report) -> str:
    """The whole file."""
    cards = "".join(_card(played, report) for played in report.played)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>frontsim verify: {report.verdict}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1 class="{report.verdict}">Receiver {report.verdict}</h1><p class="soft">{escape(conclusion(report))}</p>'
        f"{_filters(report)}{_legend()}{cards}</main><script>{_SCRIPT}</script></body></html>\n"
    )


def _filters(report: Report) -> str:
    names = [played.scenario.name for played in report.played]
    classes = sorted({str(each) for played in report.played for each in played.judgement.classes.values()})
    return (
        f'<nav><select id="scenario" aria-label="Scenario">{_options("All scenarios", names)}</select>'
        f'<select id="class" aria-label="Class">{_options("All classes", classes)}</select>'
        '<input id="text" type="search" placeholder="Event type or id" aria-label="Event type or id"></nav>'
    )


def _options(first: str, values: list[str]) -> str:
    rest = "".join(f'<option value="{escape(value)}">{escape(value)}</option>' for value in values)
    return f'<option value="">{first}</option>{rest}'


def _legend() -> str:
    return (
        '<p class="soft">Circle: first run. Square: resend. Green: 2xx. Red: another answer. Amber: no answer. '
        "Band: a fault was on. Dashed line: the receiver was killed or started. Right: effects.</p>"
    )


def _card(played: Played, report: Report) -> str:
    judgement = played.judgement
    events = "".join(_event(event, played) for event in _shown(played))
    hidden = len(played.history.events) - len(_shown(played))
    more = f'<p class="soft">{hidden} more events with nothing wrong.</p>' if hidden else ""
    reason = f"<p>{escape(judgement.reason)}</p>" if judgement.reason else ""
    notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in judgement.notes)
    name = escape(played.scenario.name)
    return (
        f'<section class="card" data-name="{name}"><h2>{name} <span class="{judgement.verdict}">{judgement.verdict}'
        f"{': ' + found_in(played) if judgement.findings else ''}</span></h2>"
        f'<p class="soft">{escape(played.scenario.breaks)} {escape(played.scenario.holds)}</p>{reason}{notes}'
        f"{_causes(played, report)}{events}{more}</section>"
    )


def _causes(played: Played, report: Report) -> str:
    findings = {each.class_: each for each in played.judgement.findings}
    if not findings:
        return ""
    causes = "".join(
        f"<p><b>{class_}</b>: {escape(MEANING[class_])}. {escape(USUAL_CAUSE[class_])}</p>" for class_ in findings
    )
    return f"{causes}<pre>{escape(report.replay(played.scenario.name))}</pre>"


def _shown(played: Played) -> list[EventFact]:
    """All events with something wrong, then as many others as fit."""
    classes = played.judgement.classes
    wrong = [each for each in played.history.events if classes.get(each.webhook_event_id, Class.OK) not in GOOD]
    ids = {each.webhook_event_id for each in wrong}
    right = [each for each in played.history.events if each.webhook_event_id not in ids]
    return wrong + right[:MOST_GOOD]


def _event(event: EventFact, played: Played) -> str:
    judgement = played.judgement
    class_ = judgement.classes.get(event.webhook_event_id)
    effects = judgement.effects.get(event.webhook_event_id)
    wrong = class_ is not None and class_ not in GOOD
    text = escape(f"{event.event} {event.webhook_event_id}".lower())
    told = ""
    if wrong:
        details = [each.detail for each in judgement.findings if each.webhook_event_id == event.webhook_event_id]
        told = f"<pre>{escape(chr(10).join([*details, *story(played.history, event.webhook_event_id, effects)]))}</pre>"
    return (
        f'<div class="event" data-class="{class_ or ""}" data-text="{text}"><div><b>{escape(event.event)}</b> '
        f'<span class="{"bad-class" if wrong else "soft"}">{class_ or ""}</span>'
        f'<div class="id soft">{escape(event.webhook_event_id)}</div></div>'
        f"<div>{timeline(event, played.history, effects=effects)}{told}</div></div>"
    )
