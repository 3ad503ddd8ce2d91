"""Templates lie beside the packages that show them: each name leads to one, and none is left over."""

import re
from pathlib import Path

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

NAMED = re.compile(r"""["']((?:crm|intake|scheduling|components)/[\w/]+\.(?:html|svg|txt)(?:#\w+)?)["']""")
FOLDERS = ("crm", "intake", "scheduling", "templates")
ROOT = Path(settings.BASE_DIR)


def named() -> set[str]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".html"}]
    return {name for file in files for name in NAMED.findall(file.read_text(encoding="utf-8"))}


def is_there(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    return True


def test_each_template_that_is_named_is_there() -> None:
    assert sorted(name for name in named() if not is_there(name)) == []


def test_no_template_is_left_over() -> None:
    known = {name.partition("#")[0] for name in named()}
    ours = [ROOT / "templates" / folder for folder in ("components", "crm", "intake", "scheduling")]
    there = {str(path.relative_to(ROOT / "templates")) for folder in ours for path in folder.rglob("*.*")}
    errors = {f"crm/desk/{name}.html" for name in ("400", "403", "403_csrf", "404", "500")}  # crm/http/error_pages.py
    assert sorted(there - known - errors) == []
