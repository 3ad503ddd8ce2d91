import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# Each alert so far had one cause.
FILL = """
INSERT INTO crm_alertcause (id, alert_id, key, at) SELECT gen_random_uuid(), id, key, raised_at FROM crm_safetyalert;
SET CONSTRAINTS ALL IMMEDIATE
"""
BACK = """
UPDATE crm_safetyalert AS alert SET key = COALESCE(
    (SELECT key FROM crm_alertcause WHERE alert_id = alert.id ORDER BY at, id LIMIT 1), alert.id::text)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0029_scores_in_order'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertCause',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(help_text='Names the submission.', max_length=100, unique=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='causes', to='crm.safetyalert')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterField(
            model_name='safetyalert',
            name='key',
            field=models.CharField(max_length=100, null=True),
        ),
        migrations.RunSQL(FILL, BACK),
        migrations.RemoveField(
            model_name='safetyalert',
            name='key',
        ),
        migrations.AddField(
            model_name='safetyalert',
            name='round',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RemoveConstraint(
            model_name='alertpost',
            name='alert_post_once_a_level',
        ),
        migrations.AddField(
            model_name='alertpost',
            name='round',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name='alertpost',
            constraint=models.UniqueConstraint(fields=('alert', 'round', 'level'), name='alert_post_once_a_level'),
        ),
    ]
