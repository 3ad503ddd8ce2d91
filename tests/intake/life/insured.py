"""Who pays for one person, as a careful reader knows it: what an insurer said belongs to that insurer, and to the list
of criteria that was looked at."""

from dataclasses import dataclass, field

type Insurer = tuple[str, str]  # the kind of plan and the name as written

NOBODY: Insurer = ("", "")


@dataclass(frozen=True)
class Verified:
    """What was said in one call. `token` stands in its reference and nowhere else."""

    insurer: Insurer
    criteria: str
    token: str


@dataclass
class Insured:
    """`chosen`: the criteria that staff have chosen, and for which insurer. `asked`: somebody has to verify."""

    insurer: Insurer = NOBODY
    chosen: tuple[str, Insurer] | None = None
    calls: list[Verified] = field(default_factory=list)
    asked: bool = False

    @property
    def criteria(self) -> str:
        """Those that staff have chosen for this insurer, else its own."""
        is_chosen = self.chosen is not None and self.chosen[1] == self.insurer
        return self.chosen[0] if self.chosen and is_chosen else f"list of {self.insurer}"

    @property
    def counts(self) -> Verified | None:
        """The latest word of the present insurer about the present list."""
        own = [one for one in self.calls if (one.insurer, one.criteria) == (self.insurer, self.criteria)]
        return own[-1] if own else None

    def names(self, insurer: Insurer) -> None:
        """Another one ends what somebody was to ask the former one."""
        if insurer == self.insurer:
            return
        self.asked = insurer[0] != "self_pay"
        self.insurer = insurer
