"""What is taken and what is not, file by file."""

import io
import random
from datetime import date

import pytest

from crm.documents.formats import dicom, validation, zip_files
from crm.enums.documents import Unfit
from tests.crm import files


def judged(name: str, data: bytes) -> dicom.Said | Unfit:
    trouble = validation.why_not_name(name)
    return trouble or validation.judge(io.BytesIO(data))


SOUND = {
    "report.pdf": files.pdf(),
    "card.PNG": files.png(),
    "card.jpg": files.jpeg(),
    "card.jpeg": files.jpeg(comment=b"made by a phone"),
    "card.heic": files.heic(),
}


@pytest.mark.parametrize("name", SOUND)
def test_papers_are_taken(name: str) -> None:
    assert judged(name, SOUND[name]) == dicom.Said()


@pytest.mark.parametrize("name", ["a.dcm", "a.zip"])
def test_a_scan_tells_its_day_and_kind_and_nothing_else(name: str) -> None:
    image = files.dicom()
    data = image if name == "a.dcm" else files.packed({"s/IM1": image, "s/report.pdf": files.pdf(), "s/.DS_Store": b""})
    assert judged(name, data) == dicom.Said(date(2026, 3, 14), "MR")


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("IMG_1.HEIC", "image/jpeg", "IMG_1.jpg"),
        ("IMG_1.jpg", "image/heic", "IMG_1.heic"),
        ("card.JPEG", "image/jpeg", "card.JPEG"),
        ("card.jfif", "image/jpeg", "card.jfif"),
        ("card.jpg", "image/png", "card.png"),
        ("a.b.dcm", "application/pdf", "a.b.pdf"),
        ("a.pdf", "", "a.pdf"),
    ],
)
def test_a_name_follows_what_is_in_the_file(name: str, kind: str, kept: str) -> None:
    assert validation.name_as(name, kind) == kept


@pytest.mark.parametrize("name", ["a.heic", "a.jfif", "a.heif", "a.pdf", "a.dcm", "a.zip"])
@pytest.mark.parametrize("data", [files.jpeg(), files.png(), files.heic(), files.pdf()])
def test_what_is_in_a_file_decides_and_not_its_name(name: str, data: bytes) -> None:
    assert judged(name, data) == dicom.Said()


BESIDE = {
    "a byte order mark": b"\xef\xbb\xbf%b",
    "an empty line": b"\r\n%b",
    "a printer's job": b"\x1b%%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n%b\x1b%%-12345X",
    "a server's answer": b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n%b",
    "the end of a file of old": b"%b\r\n\x1a",
    "a new page": b"%b\n\f",
    "what a fax server adds": b"%b" + b"sent by fax " * 100,
    "what a web server adds": b"%b<!-- 0.02 s -->",
}


@pytest.mark.parametrize("case", BESIDE)
def test_lines_before_and_after_a_pdf_are_no_second_file(case: str) -> None:
    assert judged("a.pdf", BESIDE[case] % files.pdf()) == dicom.Said()


def test_a_pdf_without_its_mark_ends_with_the_place_of_its_list() -> None:
    whole = files.pdf().rpartition(b"%%EOF")[0]
    assert judged("a.pdf", whole + b"startxref\n9\n") == dicom.Said()
    assert judged("a.pdf", whole) == Unfit.DAMAGED


def test_a_picture_of_a_screen_needs_no_modality() -> None:
    assert judged("a.dcm", files.dicom(modality="")) == dicom.Said(date(2026, 3, 14), "")


NAMES = {
    r"..\..\x.pdf": Unfit.NAME_ODD,
    "../../x.pdf": Unfit.NAME_ODD,
    "x\0.pdf": Unfit.NAME_ODD,
    "x\u202efdp.exe": Unfit.NAME_ODD,
    "scan.pdf.exe": Unfit.TYPE,
    "scan.svg": Unfit.TYPE,
    "scan.gif": Unfit.TYPE,
    "eicar.com": Unfit.TYPE,
    "noextension": Unfit.TYPE,
    "a" * 296 + ".pdf": Unfit.NAME_TOO_LONG,
    "ñ" * 120 + ".pdf": Unfit.NAME_TOO_LONG,
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_not_taken(name: str) -> None:
    assert validation.why_not_name(name) == NAMES[name]


def test_names_that_people_give_are_taken() -> None:
    for name in ("MRI lumbar 03-2026.pdf", "Résumé d'imagerie (2).PDF", "腰椎.jpg", "a.b.c.dcm"):
        assert validation.why_not_name(name) is None


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ZIP = files.packed({"a": b"a"})
BOMB = files.packed({"IM1": files.dicom(), "zeros": b"\0" * 5_000_000})

UNFIT = {
    "eicar named as a PDF": ("a.pdf", files.EICAR, Unfit.MISMATCH),
    "svg named as a PNG": ("a.png", SVG, Unfit.MISMATCH),
    "gif that is a script": ("a.jpg", b"GIF89a/*" + b"*/=1;alert(1)", Unfit.TYPE),
    "webp named as a JPEG": ("a.jpg", b"RIFF\x24\0\0\0WEBPVP8 ", Unfit.TYPE),
    "avif named as HEIC": ("a.heic", b"\0\0\0\x1cftypavif", Unfit.TYPE),
    "script named as a PDF": ("a.pdf", b"#!/bin/sh\n%PDF-1.7\n" + files.pdf(), Unfit.MISMATCH),
    "page named as a PDF": ("a.pdf", b"<p>%PDF-1.7\n" + files.pdf(), Unfit.MISMATCH),
    "pdf behind two kilobytes": ("a.pdf", b" " * 2000 + files.pdf(), Unfit.MISMATCH),
    "pdf that is a zip": ("a.pdf", files.pdf() + ZIP, Unfit.TWO_IN_ONE),
    "pdf with a zip within": ("a.pdf", files.pdf(ZIP), Unfit.TWO_IN_ONE),
    "pdf that is a page": ("a.pdf", b"%PDF-1.7\n<html><script>1</script>" + files.pdf(), Unfit.TWO_IN_ONE),
    "pdf with a tail": ("a.pdf", files.pdf(after=b"\nMZ\x90\0 rest"), Unfit.TWO_IN_ONE),
    "pdf with a long tail": ("a.pdf", files.pdf(after=b"\n" + b"x" * 5000), Unfit.TWO_IN_ONE),
    "pdf with a script behind it": ("a.pdf", files.pdf(after=b"\n<script>alert(1)</script>"), Unfit.TWO_IN_ONE),
    "half a pdf": ("a.pdf", files.pdf()[:-20], Unfit.DAMAGED),
    "jpeg with a trailing zip": ("a.jpg", files.jpeg() + ZIP, Unfit.TWO_IN_ONE),
    "jpeg that is a page": ("a.jpg", files.jpeg(comment=b"<script>alert(1)</script>"), Unfit.TWO_IN_ONE),
    "png of billions": ("a.png", files.png(60_000, 60_000), Unfit.TOO_MANY_PIXELS),
    "jpeg of billions": ("a.jpg", files.jpeg(65_000, 65_000), Unfit.TOO_MANY_PIXELS),
    "heic of billions": ("a.heic", files.heic(60_000, 60_000), Unfit.TOO_MANY_PIXELS),
    "half a png": ("a.png", files.png()[:40], Unfit.DAMAGED),
    "dicom that is a program": ("a.dcm", files.dicom(preamble=b"MZ" + b"\0" * 126), Unfit.TWO_IN_ONE),
    "dicom without its end": ("a.dcm", files.dicom()[:-100], Unfit.DAMAGED),
    "dicom of a few bytes": ("a.dcm", files.dicom()[:140], Unfit.DAMAGED),
    "zip within a zip": ("a.zip", files.packed({"IM1": files.dicom(), "b": ZIP}), Unfit.ZIP_NESTED),
    "zip without a scan": ("a.zip", files.packed({"a.pdf": files.pdf()}), Unfit.ZIP_NO_STUDY),
    "zip with a program": ("a.zip", files.packed({"IM1": files.dicom(), "a.exe": b"MZ"}), Unfit.ZIP_OTHER),
    "zip with eicar": ("a.zip", files.packed({"IM1": files.dicom(), "IM2": files.EICAR}), Unfit.ZIP_OTHER),
    "zip bomb": ("a.zip", BOMB, Unfit.ZIP_TOO_LARGE),
    "half a zip": ("a.zip", ZIP[:-10], Unfit.DAMAGED),
}


@pytest.mark.parametrize("case", UNFIT)
def test_unfit_files(case: str) -> None:
    name, data, reason = UNFIT[case]
    assert judged(name, data) == reason


def test_members_are_counted_before_they_are_listed() -> None:
    many = files.packed({f"{number}": b"" for number in range(zip_files.MOST_MEMBERS + 1)})
    assert judged("a.zip", many) == Unfit.ZIP_TOO_MANY


@pytest.mark.parametrize("name", ["a.dcm", "a.zip", "a.jpg", "a.png", "a.pdf", "a.heic"])
def test_broken_files_give_a_reason_and_never_an_error(name: str) -> None:
    sound = (
        SOUND.get(name.replace("a.", "card."))
        or {"a.dcm": files.dicom()}.get(name)
        or files.packed({"IM1": files.dicom()})
    )
    chance = random.Random(name)  # noqa: S311 - the same damage every time
    for _ in range(150):
        broken = bytearray(sound[: chance.randrange(1, len(sound) + 1)])
        for _ in range(chance.randrange(6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert isinstance(judged(name, bytes(broken)), dicom.Said | Unfit)
