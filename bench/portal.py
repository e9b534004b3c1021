"""``python -m bench.portal``: milliseconds per page of the portal on the demo's data, beside the bar.

The demo loads a simulated org and edits both sides; then every page is asked for as its administrator, in this
process and through all middleware, without a network between. For each page the median of ten is printed, and the CPU
time that one took of this process and of PostgreSQL, which other programs on the machine hardly change.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BAR_MS = 200
TIMES = 10
_OF_ACCOUNTS = ("account_", "mfa_", "socialaccount_", "openid_connect_")


def main() -> int:
    """Prepare the data unless a folder of a demo is named, measure, and tell; 1 when a page misses the bar."""
    parser = argparse.ArgumentParser(prog="python -m bench.portal", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000, help="billing accounts of the demo")
    parser.add_argument("--folder", type=Path, help="folder of a demo that has ended")
    parser.add_argument("--changes", type=int, default=0, help="fill the journal up to so many changes of the last day")
    chosen = parser.parse_args()
    folder = chosen.folder or _demo(chosen.accounts)
    os.environ["SALESBRIDGE_DATA_DIR"] = str(folder.resolve() / "data")
    os.environ["SALESBRIDGE_SANDBOX"] = "true"
    os.environ["SALESBRIDGE_LOG_LEVEL"] = "ERROR"
    os.environ["DJANGO_SETTINGS_MODULE"] = "salesbridge.portal.django_settings"
    return _measured(chosen.changes)


def _demo(accounts: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="salesbridge-bench-portal-"))
    folder.chmod(0o711)
    words = [sys.executable, "-m", "salesbridge", "demo", "--headless", "--accounts", str(accounts)]
    print(f"Running the demo with {accounts:,} accounts ...", flush=True)  # noqa: T201 - a command's output
    subprocess.run([*words, "--folder", str(folder)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return folder


def _measured(changes: int) -> int:
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from salesbridge import store, telemetry  # noqa: PLC0415 - as above

    telemetry.configure(level="ERROR")
    store.setup()
    _fill(changes)
    found = {name: _median(client, path) for client, name, path in _pages()}
    for name, (milliseconds, cpu) in sorted(found.items(), key=lambda each: -each[1][1]):
        print(f"{name:32} {milliseconds:7.1f} ms {cpu:7.1f} ms CPU")  # noqa: T201 - a command's output
    slow = [name for name, (milliseconds, _) in found.items() if milliseconds > BAR_MS]
    print(f"{len(found)} pages, bar {BAR_MS} ms: {', '.join(slow) or 'all'} {'miss' if slow else 'meet'} it")  # noqa: T201 - as above
    return 1 if slow else 0


def _median(client: Any, path: str) -> tuple[float, float]:
    """Milliseconds of one page, and CPU time of that here and in PostgreSQL."""
    _once(client, path)  # warms what is counted once an hour
    used, times = _cpu_s(), []
    for _ in range(TIMES):
        began = time.perf_counter()
        _once(client, path)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), (_cpu_s() - used) / TIMES * 1000


def _once(client: Any, path: str) -> None:
    answer = client.get(path)
    if answer.streaming:
        b"".join(answer.streaming_content)


def _cpu_s() -> float:
    """CPU time so far of this process and of what PostgreSQL works for it with, in seconds."""
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    connection.ensure_connection()
    theirs = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0]
    return time.process_time() + int(theirs) / 1e9


#: Copies of the changes that there are, a second apart, the last one now.
_COPIES = """
INSERT INTO store_change ({columns}) SELECT {values}
FROM generate_series(1, %(more)s) AS copy
JOIN LATERAL (
    SELECT * FROM store_change WHERE instance_id = %(instance)s AND number = 1 + copy %% %(last)s
) AS old ON true
"""


def _fill(changes: int) -> None:
    """Copy changes of the journal until there are so many."""
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    from salesbridge.store.door import Door  # noqa: PLC0415 - as above
    from salesbridge.store.hours import next_number  # noqa: PLC0415 - as above
    from salesbridge.store.models import Change, Live  # noqa: PLC0415 - as above

    tenant = Door.operator(reason="bench").tenants.order_by("created_at").last()
    door = Door(tenant.pk)
    instance = door.instances.order_by("created_at").last()
    last = next_number(door, instance.pk) - 1
    if changes <= last:
        return
    heard = f"now() - ({changes - last} - copy) * interval '0.8 s'"
    new = {"number": f"{last} + copy", "event_id": "'copy ' || copy", "heard_at": heard,
           "decided_at": f"{heard} + interval '1 s'", "outcome": "coalesce(old.outcome, 'applied')"}  # fmt: skip
    columns = [field.column for field in Change._meta.local_concrete_fields]  # noqa: SLF001 - Django's own way to tell
    values = ", ".join(new.get(name, f"old.{name}") for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            _COPIES.format(columns=", ".join(columns), values=values),
            {"more": changes - last, "last": last, "instance": instance.pk},
        )
        cursor.execute("ANALYZE store_change")
    door.rows(Live).filter(instance=instance).update(next_number=changes + 1)


def _pages() -> Iterator[tuple[Any, str, str]]:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
    from portal_urls import addresses  # noqa: PLC0415 - needs Django set up

    client, subjects = _administrator(), _subjects()
    for each in addresses():
        if each.declared.kind == "public" or each.name.startswith(_OF_ACCOUNTS):
            continue
        try:
            path = each.at(subjects)
        except KeyError:
            continue  # the demo has no such row
        if client.get(path).status_code == 200:  # noqa: PLR2004 - a page, not a form's address
            yield client, each.name, path


def _administrator() -> Any:
    from django.test import Client  # noqa: PLC0415 - needs Django set up
    from people_world import PASSWORD, new_person  # noqa: PLC0415 - as above

    from salesbridge.store.door import Door  # noqa: PLC0415 - as above

    tenant = Door.operator(reason="bench").tenants.order_by("created_at").last()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(new_person(tenant.organisation))
    client.get("/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def _subjects() -> dict[str, Any]:
    """The rows that the demo made last, by the argument of an address that names them."""
    from salesbridge.store.door import Door  # noqa: PLC0415 - needs Django set up
    from salesbridge.store.models import Conflict, Link, Reconciliation  # noqa: PLC0415 - as above

    tenant = Door.operator(reason="bench").tenants.order_by("created_at").last()
    door = Door(tenant.pk)
    instance = door.instances.order_by("created_at").last()
    found: dict[str, Any] = {"tenant": tenant.pk, "instance": instance.pk}
    last = {
        "run": (door.runs.filter(instance=instance), "number"), "problem": (door.problems.all(), "pk"),
        "number": (door.rows(Reconciliation).all(), "number"), "conflict": (door.rows(Conflict).all(), "pk"),
    }  # fmt: skip
    for name, (rows, attribute) in last.items():
        if (row := rows.order_by("pk").last()) is not None:
            found[name] = getattr(row, attribute)
    link = door.rows(Link).filter(entity="Account").first()
    if link is not None:
        found |= {"entity": "Account", "key": link.billing_key, "name": link.billing_key}
    return found


if __name__ == "__main__":
    sys.exit(main())
