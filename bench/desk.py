"""The pages that coordinators use all day, at growing sizes: queries and milliseconds of server time.

    python -m bench.desk [--rows 1000 100000 1000000]

Each lead has ten activities. Of the first thousand 40 % are open, so that every page is full at every size; of the rest
2 %, as in a center that exists for years. Open ones have a task, due today or within 20 days. The pages of the largest
size are compared with those of the smallest, in one run.
"""

import statistics
import sys
from argparse import ArgumentParser
from typing import Any

from bench.database import migrated
from bench.lead_list import _seconds

ROUNDS = 9
MOST_MS, WANTED_RATIO = 300.0, 1.3
PAGES = {"my day": ("/admin/", 8), "board": ("/admin/board/", 8), "board, mine": ("/admin/board/?owner=mine", 8)}
LEAD = ("lead page", 15)

_LEADS = """
INSERT INTO crm_lead (id, reference, location_id, first_name, last_name, email, phone, phone_type, preferred_contact,
    best_time, state, timezone, ok_voicemail, how_heard, language, stage, stage_since, lost_reason, outcome,
    safety_hold, attribution, came_by, received_at, tags, created_at, updated_at, owner_id)
SELECT gen_random_uuid(), upper(substr(md5(n::text), 1, 9)), %(center)s, 'Avery', 'Specimen' || n %% 900,
    'p' || n || '@example.org', '+1212555' || lpad((n %% 10000)::text, 4, '0'), 'mobile', 'phone', '{}', 'NY',
    'America/New_York', true, 'search', 'en',
    CASE WHEN n %% 50 = 0 OR n <= 1000 AND n %% 5 < 2 THEN (%(open)s::text[])[1 + (n / 5) %% 8]
         ELSE (%(ended)s::text[])[1 + n %% 5] END,
    now() - n * interval '40 seconds', CASE WHEN n %% 5 = 4 THEN 'cost' ELSE '' END, '', false, '{}',
    'web', now(), '{}', now() - n * interval '40 seconds', now(), CASE WHEN n %% 3 = 0 THEN %(owner)s::uuid END
FROM generate_series(%(first)s, %(last)s) n ON CONFLICT DO NOTHING
"""
_ACTIVITIES = """
INSERT INTO crm_activity (id, lead_id, kind, at, summary, note, call_outcome, details, in_confidence)
SELECT gen_random_uuid(), l.id, (ARRAY['call','note','stage'])[1 + k %% 3], l.created_at + k * interval '1 hour', 'x',
    '', CASE WHEN k %% 3 = 0 THEN 'reached' ELSE '' END, '{}', false
FROM crm_lead l CROSS JOIN generate_series(1, 10) k
WHERE NOT EXISTS (SELECT FROM crm_activity a WHERE a.lead_id = l.id)
"""
_TASKS = """
INSERT INTO crm_task (id, lead_id, kind, title, due_at, created_at)
SELECT gen_random_uuid(), id, 'call', 'Call', now() + (hashtext(id::text) %% 20) * interval '1 day', now() FROM crm_lead
WHERE stage = ANY(%(open)s) AND NOT EXISTS (SELECT FROM crm_task WHERE lead_id = crm_lead.id)
"""
OPEN = "new contacting qualifying records review booking booked consulted".split()
ENDED = "patient nurture dormant improved lost".split()


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with migrated(with_pages=True):
        results = {rows: _measure(rows) for rows in sorted(options.rows)}
    return _show(results)


def _measure(rows: int) -> dict[str, tuple[int, float]]:
    """Return {page: (queries, median milliseconds)}, from request to rendered page."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from crm.models import Lead, Location, User
    from tests.factories import make_location, make_user

    user = User.objects.filter(groups__name="coordinator").first() or make_user("coordinator")
    center = Location.objects.main() or make_location()
    print(f"writing {rows:,} leads ...", flush=True)
    values: dict[str, Any] = {"center": center.pk, "open": OPEN, "ended": ENDED, "owner": user.pk}
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, values | {"first": Lead.objects.count() + 1, "last": rows})
        cursor.execute(_ACTIVITIES, values)
        cursor.execute(_TASKS, values)
        cursor.execute("VACUUM ANALYZE")
    lead = Lead.objects.filter(stage="records").order_by("-created_at").first()
    assert lead  # noqa: S101 - the crowd has them
    browser, found = Client(), {}
    browser.force_login(user)
    pages = {name: address for name, (address, _most) in PAGES.items()} | {
        LEAD[0]: f"/admin/crm/lead/{lead.pk}/change/"
    }
    for name, address in pages.items():
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200  # noqa: S101 - a bench that measures an error page lies
        found[name] = (len(queries), statistics.median(_seconds(browser, address) for _ in range(ROUNDS)) * 1000)
    return found


def _show(results: dict[int, dict[str, tuple[int, float]]]) -> int:
    sizes, most = list(results), {name: allowed for name, (_address, allowed) in PAGES.items()} | dict([LEAD])
    print(f"\n{'page':<14}" + "".join(f"{f'{size:,} leads':>23}" for size in sizes) + f"{'ratio':>8}")
    bad = False
    for name, allowed in most.items():
        cells = [results[size][name] for size in sizes]
        ratio = cells[-1][1] / cells[0][1]
        columns = "".join(f"{queries:>7} q {ms:>10.1f} ms" for queries, ms in cells)
        is_bad = ratio > WANTED_RATIO or cells[-1][1] > MOST_MS or max(queries for queries, _ms in cells) > allowed
        bad = bad or is_bad
        print(f"{name:<14}{columns}{ratio:>8.2f}{'  TOO MUCH' if is_bad else ''}")
    print(f"\nwanted: ratio <= {WANTED_RATIO}, at most {MOST_MS:.0f} ms, 8 queries (lead page {LEAD[1]})")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
