from django.db import migrations, models

# Until now the sentences themselves were compared.
FILL = """
UPDATE crm_enrollment SET because = 'hold' WHERE state = 'paused' AND reason = 'Safety hold: people only';
UPDATE crm_enrollment SET because = 'wrote' WHERE reason LIKE 'The patient wrote%'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0025_set_aside_mail'),
    ]

    operations = [
        migrations.AddField(
            model_name='enrollment',
            name='because',
            field=models.CharField(blank=True, choices=[('hold', 'Safety hold: people only'), ('wrote', 'The patient wrote: a person decides how to go on')], help_text='What is judged by it.', max_length=5, default=''),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.CheckConstraint(condition=models.Q(('because__in', ['', 'hold', 'wrote'])), name='enrollment_because_known'),
        ),
    ]
