"""Everything between starting services and starting processes, in one go: each Python process costs a second."""

import hashlib
import os
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    state = Path(os.environ["STATE"])
    call_command("migrate", verbosity=0)
    collect_static(state / "static")
    if not settings.IS_PUBLIC:
        call_command("demo")
        from intake.demo import fill

        if fill.in_use():
            (state / "demo").write_text(fill.PASSWORD)


def collect_static(stamp: Path) -> bool:
    """Collect, hash and compress static files, which takes seconds, unless `stamp` says that none changed. Returns
    whether it did."""
    from django.conf import settings
    from django.core.management import call_command

    now = _fingerprint()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now)
    return True


def _fingerprint() -> str:
    """Return a digest of the names, sizes and times of all static files."""
    from django.contrib.staticfiles.finders import get_finders

    found = [(path, storage.path(path)) for finder in get_finders() for path, storage in finder.list([])]
    lines = [f"{path} {Path(file).stat().st_size} {Path(file).stat().st_mtime_ns}" for path, file in sorted(found)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    main()
