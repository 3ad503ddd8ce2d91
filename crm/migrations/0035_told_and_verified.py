import django.contrib.postgres.fields
import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0034_decisions_and_signs'),
    ]

    operations = [
        migrations.AddField(
            model_name='treatment',
            name='disputed',
            field=models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='What the patient says otherwise than it was verified, by column.'),
        ),
        migrations.AddField(
            model_name='treatment',
            name='disputed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='treatment',
            name='news',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=25), blank=True, default=list, help_text='Told since, by column.'),
        ),
        migrations.AddField(
            model_name='treatment',
            name='unsure_of',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('dates', 'When it was'), ('relief_percent', 'How much it helped'), ('relief_duration_days', 'How long it helped'), ('directed_by_clinician', 'Whether a clinician directed it')], max_length=25), blank=True, default=list, help_text='Asked, and answered with “not sure”.'),
        ),
        migrations.AlterField(
            model_name='activity',
            name='kind',
            field=models.CharField(choices=[('request', 'Request'), ('request_changed', 'Request sent again with changes'), ('call', 'Call'), ('note', 'Note'), ('stage', 'Stage'), ('treatment_added', 'Treatment added'), ('treatment_corrected', 'Treatment corrected'), ('treatment_disputed', 'The patient says otherwise'), ('safety_hold', 'Safety hold'), ('details', 'Contact details changed'), ('answers', 'Questions answered'), ('outcome', 'Assessment'), ('measured', 'Score recorded'), ('message', 'Message'), ('document', 'Document'), ('imaging', 'Imaging'), ('insurance', 'Insurance'), ('referral', 'Referral'), ('appointment', 'Appointment')], max_length=20),
        ),
    ]
