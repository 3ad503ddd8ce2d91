"""What can go wrong in the domain. Actions raise these; views and the admin turn them into words beside the field."""


class DomainError(Exception):
    """Something the rules do not allow. `message` is a sentence for the person at the screen."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OutOfDate(DomainError):
    """A decision that does not know what came since its page was made. `news` says what, one line each."""

    def __init__(self, news: tuple[str, ...] = ()) -> None:
        super().__init__("Something came while you were deciding. Look at it first: nothing is decided yet.")
        self.news = news


class Busy(Exception):
    """Too many want the same at this moment. Nothing was done; in a few seconds it may be tried again."""


class MoveRefused(DomainError):
    """The stage table does not allow this move, or somebody else moved the lead first."""


class TreatmentRefused(DomainError):
    """A treatment that contradicts itself, such as an end before its start. `field` names the culprit."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class MeasurementRefused(DomainError):
    """A score out of its range, dated in the future, or corrected meanwhile. `field` names the culprit, `version` what
    stands there now."""

    def __init__(self, field: str, message: str, *, version: str = "") -> None:
        super().__init__(message)
        self.field, self.version = field, version


class OverrideRefused(DomainError):
    """A decision against the rules without a reason, or without the second person that it needs."""


class SafetyRefused(DomainError):
    """A safety hold that may not be lifted like this."""


class ReviewRefused(DomainError):
    """A clinical decision that may not be recorded like this. `field` names the culprit, or is ""."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class AssignmentRefused(DomainError):
    """A lead that cannot be given to this person."""


class TaskRefused(DomainError):
    """A task that this person cannot end or put off, or that ends by something else than a press."""


class MessageRefused(DomainError):
    """The message is not in a state in which this can be done with it."""


class SequenceActionRefused(DomainError):
    """Something that cannot be done with an enrollment in the state in which it is."""


class SetAsideRefused(DomainError):
    """Something that cannot be done with a mail that was set aside."""


class TextRefused(DomainError):
    """The words of a mail that may not be sent like this."""


class UploadRefused(DomainError):
    """An upload that cannot begin or end like this."""


class WrongOffset(DomainError):
    """A piece that does not follow what is stored. `offset` says from where to go on, in bytes."""

    def __init__(self, offset: int) -> None:
        super().__init__("Go on at the offset that is stored.")
        self.offset = offset


class ImagingRefused(DomainError):
    """A step of an imaging study that cannot be taken now, or a study on an impossible day. `field` names the culprit,
    or is ""."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class DecryptionFailed(DomainError):
    """A stored value cannot be read with the keys at hand: a key is missing, or the value was moved or altered."""
