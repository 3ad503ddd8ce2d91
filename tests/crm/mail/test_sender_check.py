"""check_sender against a real DNS server on a loopback port, with records as domains have them."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import dns.exception
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from crm.mail import dns_check
from tests.factories import make_location

DOMAIN = "riverbend.example.org"
GOOD: dict[tuple[str, str], list[str]] = {
    (DOMAIN, "TXT"): ['"v=spf1 include:mail.example.org -all"', '"something else"'],
    (f"mail._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; k=rsa; " "p=MIIBIjANBg"'],
    (f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=none; rua=mailto:dmarc@example.org"'],
    ("mail.example.org", "A"): ["192.0.2.7"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["mail.example.org."],
}
Records = dict[tuple[str, str], list[str]]


class Server:
    """Answers UDP questions from `records`; silent while there are none."""

    def __init__(self) -> None:
        self.records: Records = dict(GOOD)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                raw, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            asked = dns.message.from_wire(raw)
            answer = dns.message.make_response(asked)
            question = asked.question[0]
            name, kind = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
            found = self.records.get((name, kind), [])
            if found:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            if self.records:
                self.socket.sendto(answer.to_wire(), peer)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.socket.close()


def findings(server: Server, **changes: str) -> dict[str, dns_check.DnsFinding]:
    asked = {"selector": "mail", "host": "mail.example.org"} | changes
    using = dns_check.resolver("127.0.0.1", server.port)
    return {one.name: one for one in dns_check.check(DOMAIN, using=using, **asked)}


def missing(server: Server, **changes: str) -> set[str]:
    return {name for name, one in findings(server, **changes).items() if not one.is_there}


def test_a_domain_that_is_in_order(server: Server) -> None:
    assert missing(server) == set()
    assert findings(server)["DKIM"].found.startswith("v=DKIM1; k=rsa; p=MII")


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ((DOMAIN, "TXT"), {"SPF"}),
        ((f"mail._domainkey.{DOMAIN}", "TXT"), {"DKIM"}),
        ((f"_dmarc.{DOMAIN}", "TXT"), {"DMARC"}),
        (("7.2.0.192.in-addr.arpa", "PTR"), {"PTR"}),
        (("mail.example.org", "A"), {"PTR"}),
    ],
)
def test_what_is_missing_and_what_to_do(server: Server, gone: tuple[str, str], expected: set[str]) -> None:
    del server.records[gone]
    assert missing(server) == expected
    assert all(findings(server)[name].mend for name in expected)


@pytest.mark.parametrize(
    ("where", "instead", "expected"),
    [
        ((DOMAIN, "TXT"), ['"v=spf1 -all"', '"v=spf1 mx -all"'], {"SPF"}),
        ((DOMAIN, "TXT"), ['"v=spf1 +all"'], {"SPF"}),
        ((DOMAIN, "TXT"), ['"V=SPF1 mx ~all"'], set()),
        ((f"mail._domainkey.{DOMAIN}", "TXT"), ['"v=DKIM1; p="'], {"DKIM"}),  # a key that was taken back
        ((f"mail._domainkey.{DOMAIN}", "TXT"), ['"p=MII"'], set()),
        (("7.2.0.192.in-addr.arpa", "PTR"), ["elsewhere.example.org."], {"PTR"}),  # does not lead back
    ],
)
def test_records_that_do_not_do(server: Server, where: tuple[str, str], instead: list[str], expected: set[str]) -> None:
    server.records[where] = instead
    assert missing(server) == expected


def test_dmarc_of_the_domain_above_counts(server: Server) -> None:
    server.records[("_dmarc.example.org", "TXT")] = server.records.pop((f"_dmarc.{DOMAIN}", "TXT"))
    assert missing(server) == set()


def test_another_selector(server: Server) -> None:
    assert missing(server, selector="s2") == {"DKIM"}


def run(server: Server) -> str:
    out = StringIO()
    call_command("check_sender", "--resolver", f"127.0.0.1:{server.port}", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_says_it_line_by_line(server: Server, settings: Settings) -> None:
    settings.MAIL_SERVER = replace(settings.MAIL_SERVER, host="mail.example.org")
    with pytest.raises(CommandError, match="no active location"):
        run(server)
    make_location()
    assert run(server).count("ok ") == 4
    del server.records[(f"_dmarc.{DOMAIN}", "TXT")]
    with pytest.raises(CommandError, match="1 to mend"):
        run(server)


@pytest.mark.django_db
def test_a_silent_server_is_no_missing_record(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    make_location()
    server.records.clear()
    monkeypatch.setattr(dns_check, "SECONDS", 0.5)
    with pytest.raises(CommandError, match="No DNS server answered"):
        run(server)
    with pytest.raises(dns.exception.Timeout):
        findings(server)
