"""States and choices of documents and imaging studies. Codes never change; labels may, and patients read some."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DocumentKind(TextChoices):
    IMAGES = "images", _("Pictures of a scan (MRI, CT, X-ray)")
    REPORT = "report", _("Report about a scan")
    REFERRAL = "referral", _("Referral letter")
    INSURANCE = "insurance", _("Insurance card")
    OTHER = "other", _("Something else")


class DocumentState(TextChoices):
    """uploading -> pending or refused; pending -> clean or refused (scanner), or released (a person)."""

    UPLOADING = "uploading", _("Not complete")
    PENDING = "pending", _("Being checked")
    CLEAN = "clean", _("Received")
    REFUSED = "refused", _("Not accepted")
    RELEASED = "released", _("Released")


READABLE = [DocumentState.CLEAN, DocumentState.RELEASED]


class Unfit(TextChoices):
    """Why a file is not accepted, in the words that its sender reads."""

    NAME_TOO_LONG = "name_too_long", _("The name of the file is too long. Give it a shorter name and try again.")
    NAME_ODD = "name_odd", _("The name of the file has signs that we cannot take, such as slashes. Please rename it.")
    EMPTY = "empty", _("The file is empty. Please choose it again.")
    TOO_LARGE = "too_large", _("The file is too large. Send it in smaller parts, or bring it on a disc.")
    TOO_MUCH = "too_much", _("There is no more room for files. Please call us.")
    TYPE = "type", _("We cannot take this kind of file. Send a PDF, JPEG, PNG, HEIC or DICOM file, or a zip of a scan.")
    MISMATCH = (
        "mismatch",
        _("This is no PDF, picture or scan that we can read. Save it as a PDF, or send a photo of it."),
    )
    TWO_IN_ONE = "two_in_one", _("The file holds a second file or a program. Print it to a new PDF, or send a photo.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The picture is too large. Send a smaller one.")
    DAMAGED = "damaged", _("The file is damaged or not complete. Please send it again.")
    UNPACKED = "unpacked", _("The file would be far too large when unpacked. Ask for it in another form, or call us.")
    UNCHECKED = "unchecked", _("We could not check this file: it takes too long. Please save it anew, or call us.")
    ZIP_TOO_MANY = "zip_too_many", _("The zip holds too many files. Send it in parts.")
    ZIP_TOO_LARGE = "zip_too_large", _("The zip would be too large when unpacked. Send it in parts.")
    ZIP_NESTED = "zip_nested", _("The zip holds another zip. Unpack that one first.")
    ZIP_LOCKED = "zip_locked", _("The zip has a password. Send it without one.")
    ZIP_NO_STUDY = "zip_no_study", _("The zip holds no scan (DICOM files).")
    ZIP_OTHER = (
        "zip_other",
        _("The zip holds files that are not part of a scan. Send only pictures and the report."),
    )
    ZIP_PATHS = "zip_paths", _("The zip holds names that lead out of its folder. Zip the folder of the scan anew.")
    VIRUS = "virus", _("Our virus scanner found something in the file. Please call us.")
    ALREADY = "already", _("This file is there already: you need not send it again.")
    INTERRUPTED = "interrupted", _("The upload was not finished within 7 days.")


class ImagingModality(TextChoices):
    MRI = "mri", "MRI"
    MRI_CONTRAST = "mri_contrast", "MRI with contrast"
    CT = "ct", "CT"
    CT_MYELOGRAM = "ct_myelogram", "CT myelogram"
    XRAY = "xray", "X-ray"
    XRAY_FLEXION = "xray_flexion", "Flexion-extension X-ray"
    EMG = "emg", "EMG/NCS"
    BONE = "bone", "Bone scan or DEXA"


class ImagingMedium(TextChoices):
    UNKNOWN = "unknown", "Not known"
    PORTAL = "portal", "Portal"
    CD = "cd", "CD"
    FILM = "film", "Film"
    UPLOADED = "uploaded", "Uploaded"
