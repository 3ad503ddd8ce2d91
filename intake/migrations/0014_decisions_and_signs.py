import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The reasons of R1 and R2 name the signs. What was decided before covers what the record said at that time: the latest
# assessment of then. Of decisions against the rules the latest goes on as it did; what another one had replaced, or the
# rules had left behind, ends.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE intake_assessment DISABLE TRIGGER USER;
UPDATE intake_assessment
SET signs = ARRAY(SELECT jsonb_array_elements_text(reasons -> 0 -> 'evidence' -> 'signs'))
WHERE rule IN ('R1', 'R2') AND jsonb_typeof(reasons -> 0 -> 'evidence' -> 'signs') = 'array';
ALTER TABLE intake_assessment ENABLE TRIGGER USER;

UPDATE crm_reviewdecision SET seen = known.number, signs = known.signs
FROM (
    SELECT DISTINCT ON (decision.id) decision.id, assessment.number, assessment.signs
    FROM crm_reviewdecision AS decision
    JOIN intake_assessment AS assessment ON assessment.lead_id = decision.lead_id AND assessment.at <= decision.at
    ORDER BY decision.id, assessment.number DESC
) AS known
WHERE known.id = crm_reviewdecision.id;

INSERT INTO crm_holdclearing (id, lead_id, by_id, at, note, seen, signs)
SELECT DISTINCT ON (lifted.id) gen_random_uuid(), lifted.lead_id, lifted.by_id, lifted.at, lifted.note,
    assessment.number, assessment.signs
FROM crm_activity AS lifted
JOIN intake_assessment AS assessment ON assessment.lead_id = lifted.lead_id AND assessment.at <= lifted.at
WHERE lifted.kind = 'safety_hold' AND lifted.summary = 'Hold lifted' AND lifted.by_id IS NOT NULL AND lifted.note <> ''
ORDER BY lifted.id, assessment.number DESC;

UPDATE intake_override
SET ended_at = now(), ended_because = 'Another decision followed, or the rules said something else.'
FROM (
    SELECT made.id,
        row_number() OVER (
            PARTITION BY against.lead_id, made.needs_second AND made.approved_at IS NULL
            ORDER BY made.at DESC, made.id DESC
        ) AS place,
        made.needs_second AND made.approved_at IS NULL AS waits,
        against.outcome = (
            SELECT outcome FROM intake_assessment AS latest
            WHERE latest.lead_id = against.lead_id ORDER BY number DESC LIMIT 1
        ) AS counts
    FROM intake_override AS made JOIN intake_assessment AS against ON against.id = made.assessment_id
) AS sorted
WHERE sorted.id = intake_override.id AND (sorted.place > 1 OR NOT (sorted.counts OR sorted.waits));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0034_decisions_and_signs"),
        ("intake", "0013_insurer_of_a_verification"),
    ]

    operations = [
        migrations.AddField(
            "assessment",
            "signs",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12),
                default=list,
                help_text="Those that fire R1 or R2, whichever rule decides.",
                size=None,
            ),
        ),
        migrations.AddField("override", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("override", "ended_because", models.CharField(blank=True, max_length=400)),
        migrations.AddField(
            "override",
            "ended_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "override",
            models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["at"], name="override_standing"
            ),
        ),
        migrations.AddConstraint(
            "override",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_because", ""), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), models.Q(("ended_because", ""), _negated=True)),
                    _connector="OR",
                ),
                name="override_ended_at_and_why",
            ),
        ),
    ]
