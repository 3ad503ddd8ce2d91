from django.db import migrations, models

# "Completed" was what the forms proposed, so that alone it says nothing: it stands where somebody put it later.
SAID_COMPLETED = """EXISTS (
    SELECT 1 FROM crm_activity WHERE crm_activity.lead_id = crm_treatment.lead_id
    AND crm_activity.kind = 'treatment_corrected' AND crm_activity.details->>'treatment' = crm_treatment.id::text
    AND crm_activity.details->'changes'->'status'->>1 = 'completed'
)"""
AGREE = f"""
UPDATE crm_treatment SET status = 'completed', ongoing = false WHERE status = 'ongoing' AND end_date IS NOT NULL;
UPDATE crm_treatment SET ongoing = true WHERE status = 'ongoing' AND NOT ongoing;
UPDATE crm_treatment SET ongoing = false
WHERE ongoing AND status <> 'ongoing' AND (status <> 'completed' OR {SAID_COMPLETED});
UPDATE crm_treatment SET status = 'ongoing' WHERE ongoing AND status = 'completed'
"""
# What was only ticked: nobody said that it was completed. Undated as it is, it counted for nothing before either.
UNSAID = f"""
UPDATE crm_treatment SET status = '' WHERE status = 'completed' AND NOT ongoing
AND start_date IS NULL AND end_date IS NULL AND sessions IS NULL AND per_week IS NULL AND stop_reason = ''
AND relief_percent IS NULL AND relief_duration_days IS NULL AND NOT relief_still_present
AND directed_by_clinician IS NULL AND side_effects = '{{}}' AND documentation = 'none' AND NOT {SAID_COMPLETED}
"""


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0030_causes_of_alerts'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='treatment',
            name='treatment_ends_after_start',
        ),
        migrations.RemoveConstraint(
            model_name='treatment',
            name='treatment_ongoing',
        ),
        migrations.AlterField(
            model_name='treatment',
            name='status',
            field=models.CharField(blank=True, choices=[('planned', 'Planned'), ('ongoing', 'Ongoing'), ('completed', 'Completed'), ('stopped_no_benefit', 'Stopped: no benefit'), ('stopped_side_effects', 'Stopped: side effects'), ('stopped_made_worse', 'Stopped: made it worse'), ('stopped_cost_access', 'Stopped: cost or access'), ('contraindicated', 'Contraindicated'), ('declined', 'Declined')], help_text='Empty: not said.', max_length=22),
        ),
        migrations.RunSQL(AGREE, migrations.RunSQL.noop),
        migrations.RunSQL(UNSAID, "UPDATE crm_treatment SET status = 'completed' WHERE status = ''"),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(('end_date__isnull', True), ('start_date__isnull', True), ('end_date__gte', models.F('start_date')), models.Q(('end_precision', 'year'), models.Q(('start_precision', 'year'), _negated=True), ('end_date__year', models.F('start_date__year'))), models.Q(('end_precision', 'month'), models.Q(('start_precision', 'month'), _negated=True), ('end_date__month', models.F('start_date__month')), ('end_date__year', models.F('start_date__year'))), _connector='OR'), name='treatment_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_date__isnull', True), ('ongoing', True), ('status', 'ongoing')), models.Q(('ongoing', False), models.Q(('status', 'ongoing'), _negated=True)), _connector='OR'), name='treatment_ongoing'),
        ),
    ]
