"""Files of strangers: what harms is refused, in a child that can take no more than it may; what is good is taken."""

import io
import random
import stat
from collections.abc import Callable
from datetime import date

import pytest

from crm.documents.formats import dicom, papers, validation
from crm.enums.documents import Unfit
from tests.crm import files
from tests.crm import hostile_files as hostile

SCAN = dicom.Said(date(2026, 3, 14), "MR")


def judged(name: str, data: bytes) -> dicom.Said | Unfit:
    """As documents are: in a child, with the limits of their size."""
    return validation.judge_apart(io.BytesIO(data), len(data))


FORM = b'<</S/JavaScript/JS(AFDate_FormatEx\\("mm/dd/yyyy"\\);)>>'


def action(kind: bytes) -> bytes:
    return b"<</S/" + kind + b"/JS(app.alert\\(1\\))>>"


HOSTILE: dict[str, tuple[str, Callable[[], bytes], Unfit]] = {
    # Bombs
    "dicom that inflates to 800 MB": ("a.dcm", lambda: hostile.deflated_dicom(800), Unfit.UNPACKED),
    "dicom that says so in a way that is guessed": ("a.dcm", lambda: hostile.deflated_by_guess(50), Unfit.DAMAGED),
    "the same in a zip, behind a sound one": (
        "a.zip",
        lambda: hostile.zipped([("s/IM1", files.dicom()), ("s/IM2", hostile.deflated_dicom(800))]),
        Unfit.UNPACKED,
    ),
    "the same in a zip, said so that it is guessed": (
        "a.zip",
        lambda: hostile.zipped([("s/IM1", files.dicom()), ("s/IM2", hostile.deflated_by_guess(50))]),
        Unfit.DAMAGED,
    ),
    "zip of members just under the bounds": ("a.zip", lambda: hostile.many(60, 1000), Unfit.ZIP_TOO_LARGE),
    "zip that lists one member 300 times": (
        "a.zip",
        lambda: hostile.overlapping(300, bytes(hostile.MEGABYTE)),
        Unfit.ZIP_TOO_LARGE,
    ),
    "zip that lists a member three times that hardly shrinks": (
        "a.zip",
        lambda: hostile.overlapping(3, random.Random("noise").randbytes(9000)),  # noqa: S311 - the same every time
        Unfit.ZIP_TOO_LARGE,
    ),
    "zip whose member is longer than it says": ("a.zip", lambda: hostile.understated(200), Unfit.DAMAGED),
    "zip with a sum that covers for that": ("a.zip", lambda: hostile.understated(200, more=1), Unfit.ZIP_TOO_LARGE),
    "zip that hides a bomb among the system's files": (
        "a.zip",
        lambda: hostile.zipped([("s/IM1", files.dicom()), ("__MACOSX/._a", bytes(20 * hostile.MEGABYTE))]),
        Unfit.ZIP_TOO_LARGE,
    ),
    "pdf whose objects inflate to 600 MB": (
        "a.pdf",
        lambda: files.pdf(
            b"<</Type/ObjStm/Filter/FlateDecode>>stream\n" + hostile.zeros(600, wbits=15) + b"\nendstream"
        ),
        Unfit.UNPACKED,
    ),
    # What leads out of its folder, or is run there
    "zip with a way up": ("a.zip", lambda: hostile.named("../../../etc/IM1"), Unfit.ZIP_PATHS),
    "zip with a way up later": ("a.zip", lambda: hostile.named("s/../../IM1"), Unfit.ZIP_PATHS),
    "zip with a way up as Windows writes it": ("a.zip", lambda: hostile.named("s\\..\\..\\IM1"), Unfit.ZIP_PATHS),
    "zip with an absolute name": ("a.zip", lambda: hostile.named("/etc/cron.d/IM1"), Unfit.ZIP_PATHS),
    "zip with an absolute name of Windows": ("a.zip", lambda: hostile.named("\\Windows\\IM1"), Unfit.ZIP_PATHS),
    "zip with a drive": ("a.zip", lambda: hostile.named("C:IM1"), Unfit.ZIP_PATHS),
    "zip with a share": ("a.zip", lambda: hostile.named("//host/share/IM1"), Unfit.ZIP_PATHS),
    "zip with NUL in a name": ("a.zip", lambda: hostile.named("s/run.exe\0.dcm"), Unfit.ZIP_PATHS),
    "zip with a link": ("a.zip", lambda: hostile.with_mode(stat.S_IFLNK | 0o777), Unfit.ZIP_OTHER),
    "zip with a pipe": ("a.zip", lambda: hostile.with_mode(stat.S_IFIFO | 0o600), Unfit.ZIP_OTHER),
    "zip with a program that begins as a PDF": (
        "a.zip",
        lambda: files.packed({"s/IM1": files.dicom(), "s/setup.exe": files.pdf()}),
        Unfit.ZIP_OTHER,
    ),
    "zip with a shortcut that is an image": ("a.zip", lambda: hostile.named("s/IM1.LNK. "), Unfit.ZIP_OTHER),
    "zip with a program among the system's files": (
        "a.zip",
        lambda: files.packed({"s/IM1": files.dicom(), "__MACOSX/setup": b"MZ"}),
        Unfit.ZIP_OTHER,
    ),
    "zip behind another": (
        "a.zip",
        lambda: files.packed({"x": b"MZ"}) + files.packed({"IM1": files.dicom()}),
        Unfit.TWO_IN_ONE,
    ),
    # Two in one
    "pdf with a script": ("a.pdf", lambda: files.pdf(action(b"JavaScript")), Unfit.TWO_IN_ONE),
    "pdf with a script, written otherwise": ("a.pdf", lambda: files.pdf(action(b"J#61vaScrip#74")), Unfit.TWO_IN_ONE),
    "pdf with a script behind that of a form": (
        "a.pdf",
        lambda: files.pdf(FORM.replace(b"\\);)", b"\\);app.alert\\(1\\))")),
        Unfit.TWO_IN_ONE,
    ),
    "pdf with two scripts for one": (
        "a.pdf",
        lambda: files.pdf(FORM.replace(b">>", b"/JS(app.alert\\(1\\))>>")),
        Unfit.TWO_IN_ONE,
    ),
    "pdf with a form and a script": ("a.pdf", lambda: files.pdf(FORM + action(b"JavaScript")), Unfit.TWO_IN_ONE),
    "pdf with a script, its name elsewhere": (
        "a.pdf",
        lambda: files.pdf(b"<</S 9 0 R>>endobj 9 0 obj/JavaScript"),
        Unfit.TWO_IN_ONE,
    ),
    "pdf that starts a program": ("a.pdf", lambda: files.pdf(b"<</S /Launch/F(cmd.exe)>>"), Unfit.TWO_IN_ONE),
    "pdf with a film that has a script": ("a.pdf", lambda: files.pdf(action(b"Rendition")), Unfit.TWO_IN_ONE),
    "pdf with a script in packed objects": (
        "a.pdf",
        lambda: hostile.pdf_of_streams(action(b"JavaScript")),
        Unfit.TWO_IN_ONE,
    ),
    "pdf with a script far inside": (
        "a.pdf",
        lambda: files.pdf(b"x" * (papers.HEAD - 20) + action(b"JavaScript") + b"y" * 600_000),
        Unfit.TWO_IN_ONE,
    ),
    "pdf with a page 5 kB into it": (
        "a.pdf",
        lambda: files.pdf(b"x" * 5000 + hostile.PAGE + b"x" * 5000),
        Unfit.TWO_IN_ONE,
    ),
    "png with a page 5 kB into it": (
        "a.png",
        lambda: hostile.png_with(
            (b"prVw", b"x" * 5000), (b"tEXt", b"Comment\0" + hostile.PAGE), (b"prVw", b"x" * 5000)
        ),
        Unfit.TWO_IN_ONE,
    ),
    "png with a picture that acts": (
        "a.png",
        lambda: hostile.png_with((b"tEXt", b"c\0<svg xmlns='x' onload=alert(1)>")),
        Unfit.TWO_IN_ONE,
    ),
    "jpeg with a page that has no script": (
        "a.jpg",
        lambda: files.jpeg(comment=b"<!DOCTYPE html><body>Please sign in</body>"),
        Unfit.TWO_IN_ONE,
    ),
    "png with a file behind it": ("a.png", lambda: files.png() + b"MZ\x90", Unfit.TWO_IN_ONE),
    "pdf with a RAR within": ("a.pdf", lambda: files.pdf(b"Rar!\x1a\x07\x01\0"), Unfit.TWO_IN_ONE),
    # Pictures that grow when they are shown
    "jpeg with a second size": ("a.jpg", lambda: hostile.two_sizes(65_000, 65_000), Unfit.TOO_MANY_PIXELS),
    "jpeg with a second picture": (
        "a.jpg",
        lambda: files.jpeg() + b"\0" * 9 + files.jpeg(65_000, 65_000),
        Unfit.TOO_MANY_PIXELS,
    ),
    "png with a second head": (
        "a.png",
        lambda: hostile.png_with((b"IHDR", b"\0\0\xff\xff" * 2 + b"\x08\0\0\0\0")),
        Unfit.DAMAGED,
    ),
    "png whose chunk goes on behind its end": (
        "a.png",
        lambda: files.png()[:33] + b"\xff\xff\xff\xffIDAT",
        Unfit.DAMAGED,
    ),
    # Lengths and depths that make a reader ask for memory or recurse
    "dicom with an element of 4 GB": (
        "a.dcm",
        lambda: files.dicom()[:-4200] + b"\x09\0\x01\0OB\0\0\xfe\xff\xff\xff" + b"x",
        Unfit.DAMAGED,
    ),
    "dicom with 50,000 sequences, each in the one before": (
        "a.dcm",
        lambda: (
            files.dicom()[:300] + (b"\x08\0\x15\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff") * 50_000
        ),
        Unfit.DAMAGED,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(case: str) -> None:
    name, made, reason = HOSTILE[case]
    data = made()
    assert len(data) < 1_100_000  # what is large anyway would show nothing
    assert judged(name, data) == reason


GOOD: dict[str, tuple[str, Callable[[], bytes], dicom.Said]] = {
    "dicom deflated as a whole": ("a.dcm", lambda: hostile.deflated_dicom(0), SCAN),
    "the same in a zip": ("a.zip", lambda: files.packed({"s/IM1": hostile.deflated_dicom(0)}), SCAN),
    "zip of an old Windows program": ("a.zip", lambda: hostile.named("s\\1\\IM1"), SCAN),
    "zip with dots in a name": ("a.zip", lambda: hostile.named("1.2.840..10008.5"), SCAN),
    "zip with files of a Mac": (
        "a.zip",
        lambda: files.packed(
            {"s/": b"", "s/IM1": files.dicom(), "__MACOSX/s/._IM1": b"\0\5\x16\7\0", "s/.DS_Store": b""}
        ),
        SCAN,
    ),
    "zip with a large report": (
        "a.zip",
        lambda: files.packed({"s/IM1": files.dicom(), "s/report.pdf": files.pdf(hostile.noise(6) + b"\nendstream")}),
        SCAN,
    ),
    "jpeg of many parts": (
        "a.jpg",
        lambda: b"\xff\xd8" + (b"\xff\xe2\x20\x02" + b"x" * 8192) * 900 + files.jpeg()[2:],
        dicom.Said(),
    ),
    "jpeg whose comment mentions a tag": (
        "a.jpg",
        lambda: files.jpeg(comment=b"made with <html> tools, #!/usr"),
        dicom.Said(),
    ),
    "pdf with a form that checks a date": ("a.pdf", lambda: files.pdf(FORM), dicom.Said()),
    "pdf with many of them": ("a.pdf", lambda: files.pdf(b"\n".join([FORM] * 9000)), dicom.Said()),
    "pdf with such a form in packed objects": ("a.pdf", lambda: hostile.pdf_of_streams(FORM), dicom.Said()),
    "pdf that writes about scripts": (
        "a.pdf",
        lambda: files.pdf(b"BT (HTML/CSS/JavaScript, Start/Launch, /LaunchPad) Tj ET"),
        dicom.Said(),
    ),
    "pdf with a link": ("a.pdf", lambda: files.pdf(b"<</S/URI/URI(https://example.org/<script>)>>"), dicom.Said()),
    "pdf of packed objects": ("a.pdf", lambda: hostile.pdf_of_streams(b"1 0 <</Type/Page>>"), dicom.Said()),
    "jpeg with a film behind it": (
        "a.jpg",
        lambda: files.jpeg() + b"\0\0\0\x18ftypmp42" + b"\xff\xd8\xff\xc0" * 9,
        dicom.Said(),
    ),
    "jpeg with a small picture behind it": ("a.jpg", lambda: files.jpeg() + files.jpeg(160, 120), dicom.Said()),
    "jpeg with fill bytes": ("a.jpg", lambda: b"\xff\xd8\xff\xff\xff" + files.jpeg()[3:], dicom.Said()),
    "jpeg with 600 kB before its size": (
        "a.jpg",
        lambda: b"\xff\xd8" + (b"\xff\xe1\xff\xff" + b"x" * 65_533) * 9 + files.jpeg()[2:],
        dicom.Said(),
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_files_are_taken(case: str) -> None:
    name, made, said = GOOD[case]
    assert judged(name, made()) == said


def test_no_good_picture_is_refused_by_chance() -> None:
    """4 MB of noise hold every mark of three bytes; as a JPEG's picture and behind a PDF's stream they are sound."""
    for seed in range(8):
        noise = hostile.noise(4, seed=seed)
        sound = files.jpeg()
        assert validation.judge(io.BytesIO(sound[:-2] + noise + sound[-2:])) == dicom.Said()
        assert validation.judge(io.BytesIO(files.pdf(b"stream\n" + noise + b"\nendstream"))) == dicom.Said()


def test_four_bytes_at_the_end_make_no_zip() -> None:
    noise = b"\x12PK\5\6" + bytes(4) + b"\1\0\1\0" + (48).to_bytes(4, "little") + b"\x12" * 100
    assert validation.judge(io.BytesIO(files.jpeg()[:-2] + noise + b"\xff\xd9")) == dicom.Said()
