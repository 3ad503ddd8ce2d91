import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import crm.fields.encrypted

# Constraints are looked at row by row: a trigger cannot be switched while some wait for the end of the transaction.
# The key of a page was the id that its form had come with; the first request of a lead was shown the lead's reference.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE intake_submission DISABLE TRIGGER USER;
UPDATE intake_submission SET form_id = id;
UPDATE intake_submission SET reference = lead.reference
FROM crm_lead AS lead
WHERE lead.id = intake_submission.lead_id AND intake_submission.id IN (
    SELECT DISTINCT ON (lead_id) id FROM intake_submission
    WHERE page IN ('request', 'call-me', 'staff') ORDER BY lead_id, at, id
);
ALTER TABLE intake_submission ENABLE TRIGGER USER;
UPDATE intake_quarantinedrequest SET form_id = id, digest = 'kept before ' || id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0019_appointments"),
        ("intake", "0009_insurance"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnprovenRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("data", crm.fields.encrypted.EncryptedJSONField(context="intake.requests.unproven.data", editable=True)),
                ("has_sign", models.BooleanField(default=False, help_text="It reports a warning sign.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for somebody to look"),
                            ("taken_over", "It was them: taken over"),
                            ("set_aside", "Not theirs: set aside"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="unproven_requests", to="crm.lead"
                    ),
                ),
            ],
            options={
                "permissions": [("decide_unproven", "Can decide about requests in somebody's name")],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["lead"], name="unproven_waiting")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "waiting")
                        )
                        | models.Q(
                            models.Q(("state", "waiting"), _negated=True),
                            ("decided_at__isnull", False),
                            ("decided_by__isnull", False),
                        ),
                        name="unproven_decided_at_and_by",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "set_aside"), _negated=True)
                        | models.Q(("note", ""), _negated=True),
                        name="unproven_set_aside_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.AddField("submission", "form_id", models.UUIDField(null=True)),
        migrations.AddField(
            "submission",
            "unproven",
            models.ForeignKey(
                help_text="The request in somebody's name that this is, or belongs to.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="intake.unprovenrequest",
            ),
        ),
        migrations.AddField(
            "submission",
            "reference",
            models.CharField(
                help_text="Of a request: the one that whoever sent it was shown.",
                max_length=9,
                null=True,
                unique=True,
            ),
        ),
        migrations.AlterField(
            "submission",
            "id",
            models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
        ),
        migrations.AddField("quarantinedrequest", "form_id", models.UUIDField(null=True)),
        migrations.AddField("quarantinedrequest", "digest", models.CharField(default="", max_length=64)),
        migrations.AddField(
            "quarantinedrequest",
            "repeats",
            models.CharField(
                blank=True,
                default="",
                help_text="The reference of what the same form, in the same browser, had sent before.",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            "quarantinedrequest",
            "id",
            models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            "arrival",
            "id",
            models.UUIDField(help_text="Made with the form.", primary_key=True, serialize=False),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
