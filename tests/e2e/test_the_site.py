"""The site that the browser sees in these tests."""

import threading
import time
from typing import Any

import pytest

from crm import locations
from tests.e2e.conftest import Watch, let_requests_end


def test_what_a_closed_page_has_asked_for_is_waited_for(open_page: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, answered, look_up = threading.Event(), threading.Event(), locations.main

    def slowly() -> Any:
        begun.set()
        time.sleep(1)
        answered.set()
        return look_up()

    page = open_page()
    monkeypatch.setattr(locations, "main", slowly)
    page.evaluate("void fetch('/candidate/')")
    assert begun.wait(timeout=20)
    page.context.close()
    let_requests_end()
    assert answered.is_set()
