"""Pages for paper: shown to be printed, or handed out as a PDF where the `pdf` extra is installed."""

from ctypes.util import find_library
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

STYLES = ("css/print.css", "css/ledger.css")


@cache
def has_pdf() -> bool:
    """Tell whether PDFs can be made here: the extra is installed, and so are the libraries that it needs."""
    return find_spec("weasyprint") is not None and find_library("pangoft2-1.0") is not None


def on_paper(request: HttpRequest, template: str, context: dict[str, Any], *, name: str) -> HttpResponse:
    """Show a page for paper; with `?as=pdf` send its PDF as a download; without the extra, 501 and how to mend it."""
    if request.GET.get("as") != "pdf":
        return render(request, template, context | {"has_pdf": has_pdf()})
    if not has_pdf():
        return HttpResponse(
            "PDFs need the pdf extra (docs/operations.md). Print the page instead.",
            status=501,
            content_type="text/plain",
        )
    html = render_to_string(template, context | {"as_pdf": True}, request=request)
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(_pdf(html), content_type="application/pdf", headers=headers)


def _pdf(html: str) -> bytes:
    """Make a PDF. Nothing is fetched for it, from anywhere: styles are handed over, and pages hold no pictures."""
    import weasyprint  # type: ignore[import-untyped]  # heavy, and absent without the extra

    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=[])
    styles = [weasyprint.CSS(string=_style(path), url_fetcher=fetcher) for path in STYLES]
    made: bytes = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf(stylesheets=styles)
    return made


def _style(path: str) -> str:
    return Path(str(finders.find(path))).read_text()
