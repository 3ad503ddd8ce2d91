"""`manage.py explain_document`: the verdict on a file, where there is neither environment nor service."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm.enums.documents import Unfit
from tests.crm import files, hostile_files

ROOT = Path(__file__).resolve().parents[3]


def explained(*words: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, str(ROOT / "manage.py"), "explain_document", *words]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def verdict(kind: str | None, name: str, reason: Unfit | None = None) -> dict[str, Any]:
    return {"fit": reason is None, "kind": kind, "name": name, "reason": str(reason.label) if reason else None}


FILES = {
    "report.pdf": (files.pdf(), "pdf", None),
    "photo.jpg": (files.jpeg(), "jpeg", None),
    "scan.zip": (files.packed({"IM1": files.dicom()}), "zip", None),
    "bomb.dcm": (hostile_files.deflated_dicom(800), "dicom", Unfit.UNPACKED),
    "virus.pdf": (files.EICAR, "pdf", Unfit.MISMATCH),
    "photo.png": (b"RIFF\x24\0\0\0WEBPVP8 ", None, Unfit.TYPE),
    "notes.txt": (b"Notes", None, Unfit.TYPE),
    "empty.png": (b"", "png", Unfit.EMPTY),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_explained(tmp_path: Path, name: str) -> None:
    data, kind, reason = FILES[name]
    (tmp_path / name).write_bytes(data)
    assert explained(str(tmp_path / name)) == (0, verdict(kind, name, reason))


def test_it_may_be_called_otherwise(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(files.pdf())
    assert explained(str(tmp_path / "upload"), "--name", "a.pdf") == (0, verdict("pdf", "a.pdf"))


def test_the_name_follows_what_is_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(files.jpeg())
    assert explained(str(tmp_path / "IMG_1.HEIC")) == (0, verdict("jpeg", "IMG_1.jpg"))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    told = {"error": "The file cannot be read (FileNotFoundError)."}
    assert explained(str(tmp_path / "nothing.pdf")) == (1, told)
