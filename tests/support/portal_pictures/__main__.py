"""``PYTHONPATH=tests/support python -m portal_pictures FOLDER [PART ...]``: a picture of every page.

Each in light, in dark and on a phone.
With parts of names, only pages whose name has one of them. It uses a PostgreSQL and a data directory of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import django


@contextmanager
def portal():
    """A served portal with a world in it: its address, the world."""
    os.environ["SALESBRIDGE_DATA_DIR"] = folder = tempfile.mkdtemp(prefix="salesbridge-pictures-")
    Path(folder).chmod(0o711)
    os.environ["DJANGO_SETTINGS_MODULE"] = "salesbridge.portal.django_settings"
    django.setup()
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - after the set-up
    from portal_world import make_world  # noqa: PLC0415 - as above
    from waitress.server import create_server  # noqa: PLC0415 - as above

    from salesbridge import store, telemetry  # noqa: PLC0415 - as above

    telemetry.configure(level="ERROR")
    store.setup()
    world = make_world(
        "Kowhai", names={"organisation": "Kowhai Energy", "tenant": "Kowhai Junifer", "instance": "Retail sales"}
    )
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}", world
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def pages(world):
    """Name and path of every page that opens with GET, and of a few special ones."""
    from portal_urls import addresses  # noqa: PLC0415 - after the set-up

    skipped = {"account_logout", "mfa_download_recovery_codes", "audit_export", "my_connectors", "go"}
    for each in addresses():
        if each.name not in skipped and not each.name.endswith("_export"):
            yield (
                each.name,
                each.at(world.subjects),
                each.declared.kind == "public" and each.name.startswith("account_"),
            )
    yield "fresh_instance", f"/tenants/{world.door.tenant_id}/instances/{world.fresh.pk}/", False
    yield "fresh_initial", f"/tenants/{world.door.tenant_id}/instances/{world.fresh.pk}/initial/", False
    at = f"/tenants/{world.door.tenant_id}/instances/{world.loading.pk}/initial/"
    yield "loading_initial", at, False
    yield "loading_run", f"{at}1/", False
    yield "not_found", "/nowhere/", False


def main(folder, parts):
    """Take the pictures."""
    from browser import DESK, PHONE, Browser, chromium  # noqa: PLC0415 - after the arguments were read

    looks = {
        "light": {"viewport": DESK, "color_scheme": "light"}, "dark": {"viewport": DESK, "color_scheme": "dark"},
        "phone": {"viewport": PHONE, "color_scheme": "light"},
    }  # fmt: skip
    with portal() as (url, world), chromium() as started:
        person = world.person()
        person.name = "Aroha Ngata"
        person.save()
        chosen = [page for page in pages(world) if not parts or any(part in page[0] for part in parts)]
        for look, options in looks.items():
            for anonymous in (False, True):
                with Browser.opened(started, url, **options) as window:
                    if not anonymous:
                        window.sign_in(person, confirmed=True)
                    for name, path, public in chosen:
                        if public is anonymous and window.go(path) != 405:
                            window.screenshot(Path(folder) / f"{name}.{look}.png")
                    for error in window.errors:
                        if "404" not in error and "405" not in error and "410" not in error:
                            print(f"{look}: {error}", file=sys.stderr)  # noqa: T201 - a command's output
    print(f"{len(list(Path(folder).glob('*.png')))} pictures in {folder}")  # noqa: T201 - as above


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
