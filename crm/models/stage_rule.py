"""What a center may say about the stages: their names, their order, and how long is too long. Codes and moves stay."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models

from crm.enums.leads import Requirement, Stage


class StageRule(models.Model):
    """One row a stage; made after every migration (crm/leads/stages.py), edited by administrators."""

    stage = models.CharField(primary_key=True, max_length=12, choices=Stage, editable=False)
    label = models.CharField(max_length=24, unique=True)
    position = models.PositiveSmallIntegerField(help_text="Order of the columns on the board.")
    answer_within_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="For a lead that has just come here: the next step is due so many minutes of opening hours later.",
    )
    rots_after_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="After so many days here the card turns red; amber from half of them. Empty: never.",
    )
    requires = ArrayField(
        models.CharField(max_length=12, choices=Requirement),
        default=list,
        blank=True,
        help_text="What somebody who moves a lead here has to see to.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(stage__in=Stage.values), name="stage_rule_known")]

    def __str__(self) -> str:
        return self.label
