import crm.fields.encrypted
import crm.models.location
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('crm', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('provider', 'Provider'), ('room', 'Room')], max_length=10)),
                ('name', models.CharField(max_length=80)),
                ('timezone', models.CharField(default='America/New_York', help_text='The clock of the rules.', max_length=64, validators=[crm.models.location.validate_zone])),
                ('is_active', models.BooleanField(default=True, verbose_name='can be booked')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Order in calendars and in “any provider”.')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='crm.location')),
            ],
            options={
                'ordering': ['position', 'name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('resource', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='feed', to='scheduling.resource')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BusyCalendar',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('ics', 'Calendar address (ICS)'), ('caldav', 'CalDAV server')], default='ics', max_length=8)),
                ('url', crm.fields.encrypted.EncryptedTextField(context='scheduling.busycalendar.url', editable=True, verbose_name='address')),
                ('user', models.CharField(blank=True, help_text='CalDAV only.', max_length=120)),
                ('password', crm.fields.encrypted.EncryptedTextField(blank=True, context='scheduling.busycalendar.password', editable=True, null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('tried_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('good_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('trouble', models.CharField(blank=True, editable=False, help_text='Why the last try failed.', max_length=200)),
                ('left_out', models.TextField(blank=True, editable=False, help_text='Entries not read as they are.')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='busy_calendars', to='scheduling.resource')),
            ],
        ),
        migrations.CreateModel(
            name='AppointmentType',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(help_text='Its name in addresses and files; never changes.', max_length=40, unique=True)),
                ('label', models.CharField(help_text='As patients read it.', max_length=60)),
                ('label_es', models.CharField(blank=True, max_length=60, verbose_name='label in Spanish')),
                ('about', models.CharField(blank=True, help_text='What to bring, where to be. For patients.', max_length=300)),
                ('about_es', models.CharField(blank=True, max_length=300, verbose_name='the same in Spanish')),
                ('mode', models.CharField(choices=[('phone', 'By telephone'), ('on_site', 'At the center')], max_length=10)),
                ('is_active', models.BooleanField(default=True, verbose_name='can be booked')),
                ('is_consultation', models.BooleanField(default=True, help_text='Booking it moves the lead to Booked.')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('duration', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='minutes')),
                ('step', models.PositiveSmallIntegerField(help_text='Minutes, from the beginning of open time.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='a start every')),
                ('buffer_before', models.PositiveSmallIntegerField(default=0, help_text='Minutes kept free before.')),
                ('buffer_after', models.PositiveSmallIntegerField(default=0, help_text='Minutes kept free after.')),
                ('min_notice', models.PositiveIntegerField(default=1440, help_text='Minutes before the start.', verbose_name='minimum notice')),
                ('window_days', models.PositiveSmallIntegerField(blank=True, default=60, help_text='Days ahead; empty: no limit.', null=True, verbose_name='booking window')),
                ('cancel_until', models.PositiveIntegerField(default=1440, help_text='Patients: minutes before the start.')),
                ('reschedule_until', models.PositiveIntegerField(default=1440, help_text='Patients: minutes before the start.')),
                ('needs_room', models.BooleanField(default=False, help_text='A provider and one of these rooms.')),
                ('self_book', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('URGENT', 'Urgent'), ('PROMPT_REVIEW', 'Prompt clinical review'), ('OUT_OF_SCOPE', 'Out of scope'), ('MORE_INFO', 'More information needed'), ('CONTINUE_CONSERVATIVE', 'Continue conservative care'), ('CONSULT_LIKELY', 'Consultation reasonable')], max_length=24), blank=True, default=list, help_text='With one of these assessments. None: only the desk books it.', verbose_name='patients book it themselves')),
                ('providers', models.ManyToManyField(blank=True, limit_choices_to={'kind': 'provider'}, related_name='types_given', to='scheduling.resource')),
                ('rooms', models.ManyToManyField(blank=True, limit_choices_to={'kind': 'room'}, related_name='types_held', to='scheduling.resource')),
            ],
            options={
                'ordering': ['position', 'label'],
            },
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('pending', 'To be confirmed by us'), ('booked', 'Booked'), ('arrived', 'Arrived'), ('fulfilled', 'Took place'), ('cancelled', 'Cancelled'), ('noshow', 'Did not come')], default='booked', max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1, help_text='Rises with every move: an old page moves nothing.')),
                ('calendar_uid', models.CharField(editable=False, help_text='In every calendar, for life.', max_length=300)),
                ('request_id', models.UUIDField(help_text='Of the booking: sent twice, it is one.', unique=True)),
                ('is_extra', models.BooleanField(default=False, verbose_name='over-booked')),
                ('extra_reason', models.CharField(blank=True, max_length=200)),
                ('booked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('agreed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='When this time was booked or moved to.')),
                ('confirmed_at', models.DateTimeField(blank=True, help_text='The patient said that they will come.', null=True)),
                ('arrived_at', models.DateTimeField(blank=True, null=True)),
                ('ended_by', models.CharField(blank=True, choices=[('patient', 'The patient'), ('center', 'The center')], max_length=10)),
                ('ended_reason', models.CharField(blank=True, choices=[('better', 'Feels better'), ('unwell', 'Unwell'), ('time', 'The time does not fit'), ('travel', 'Cannot get there'), ('cost', 'Cost or insurance'), ('elsewhere', 'Care elsewhere'), ('away', 'The provider is away'), ('closed', 'The center is closed'), ('ours', 'Something else on our side'), ('other', 'Something else')], max_length=12)),
                ('rebook_since', models.DateTimeField(blank=True, help_text='Its time was closed under it: another one has to be found.', null=True)),
                ('booked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appointments', to='crm.lead')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='crm.location')),
                ('topic', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appointment', to='crm.messagetopic')),
                ('kind', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='scheduling.appointmenttype')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='scheduling.resource')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='held_here', to='scheduling.resource')),
            ],
            options={
                'permissions': [('overbook', 'Can book over what is taken, with a reason')],
            },
        ),
        migrations.CreateModel(
            name='ScheduleException',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('is_open', models.BooleanField(default=False, help_text='Closed, unless this is ticked.', verbose_name='open')),
                ('from_day', models.DateField()),
                ('from_time', models.TimeField(blank=True, help_text='Empty: from midnight.', null=True)),
                ('to_day', models.DateField(help_text='The last day.')),
                ('to_time', models.TimeField(blank=True, help_text='Empty: until midnight.', null=True)),
                ('reason', models.CharField(blank=True, help_text='For staff: leave, congress, snow.', max_length=120)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('location', models.ForeignKey(blank=True, help_text='Instead of a resource: everybody and every room there.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='schedule_exceptions', to='crm.location')),
                ('resource', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='exceptions', to='scheduling.resource')),
            ],
            options={
                'verbose_name': 'leave or closing',
                'verbose_name_plural': 'leave and closing',
                'ordering': ['-from_day', '-from_time', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='WaitlistEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('first_day', models.DateField(help_text='Not before this day.')),
                ('last_day', models.DateField(blank=True, null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('offered', 'A time is offered'), ('booked', 'Booked'), ('left', 'Left the list')], default='waiting', max_length=8)),
                ('since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('hold', models.UUIDField(blank=True, help_text='Of the time that is offered.', null=True)),
                ('offered_until', models.DateTimeField(blank=True, null=True)),
                ('lapsed_start', models.DateTimeField(blank=True, help_text='The last offer that was not answered.', null=True)),
                ('offered_start', models.DateTimeField(blank=True, null=True)),
                ('kind', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waits', to='scheduling.appointmenttype')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waits', to='crm.lead')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.location')),
            ],
            options={
                'verbose_name': 'place in the waiting list',
                'verbose_name_plural': 'waiting list',
            },
        ),
        migrations.CreateModel(
            name='WeeklyRule',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(0, 'Mon'), (1, 'Tue'), (2, 'Wed'), (3, 'Thu'), (4, 'Fri'), (5, 'Sat'), (6, 'Sun')], validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(6)]))),
                ('start', models.TimeField()),
                ('end', models.TimeField()),
                ('valid_from', models.DateField(blank=True, null=True)),
                ('valid_to', models.DateField(blank=True, help_text='The last day.', null=True)),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='scheduling.resource')),
            ],
            options={
                'ordering': ['resource', 'start', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='FreedTime',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('start', models.DateTimeField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.lead')),
                ('kind', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scheduling.appointmenttype')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.location')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'location', 'start'), name='freed_once')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('during', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('state', models.CharField(choices=[('held', 'Held while somebody decides'), ('booked', 'Booked'), ('released', 'Given back'), ('extra', 'Over-booked on purpose')], max_length=8)),
                ('hold', models.UUIDField(help_text="The claims of one hold: a provider's and a room's.", null=True)),
                ('held_by', models.CharField(blank=True, help_text='Whose hold it is, such as link:<id>.', max_length=50)),
                ('hold_expires_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('appointment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='scheduling.appointment')),
                ('kind', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scheduling.appointmenttype')),
                ('lead', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.lead')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='scheduling.resource')),
            ],
            options={
                'indexes': [models.Index(models.F('resource'), models.Func(models.F('during'), function='lower'), condition=models.Q(('state__in', ('held', 'booked', 'extra'))), include=('during', 'state', 'hold_expires_at', 'held_by', 'appointment'), name='claim_by_start'), models.Index(condition=models.Q(('state', 'held')), fields=['hold_expires_at'], name='claim_expires'), models.Index(condition=models.Q(('hold__isnull', False)), fields=['hold'], name='claim_of_hold')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state__in', ('held', 'booked'))), expressions=[(django.contrib.postgres.indexes.OpClass('resource', 'gist_uuid_ops'), '='), ('during', '&&')], name='claims_never_overlap'), models.CheckConstraint(condition=models.Q(models.Q(('hold__isnull', False), ('hold_expires_at__isnull', False), ('state', 'held')), models.Q(models.Q(('state', 'held'), _negated=True), ('appointment__isnull', False)), _connector='OR'), name='claim_held_or_of_an_appointment')],
            },
        ),
        migrations.CreateModel(
            name='BusySpan',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spans', to='scheduling.busycalendar')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scheduling.resource')),
            ],
            options={
                'indexes': [models.Index(fields=['resource', 'starts_at'], name='busy_of_resource')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='busy_span_takes_time')],
            },
        ),
        migrations.AddIndex(
            model_name='busycalendar',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['tried_at'], name='busy_calendar_next'),
        ),
        migrations.AddConstraint(
            model_name='appointmenttype',
            constraint=models.CheckConstraint(condition=models.Q(('duration__gte', 1), ('step__gte', 1)), name='type_takes_time'),
        ),
        migrations.AddConstraint(
            model_name='appointmenttype',
            constraint=models.CheckConstraint(condition=models.Q(('duration__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(1440), '-', models.F('buffer_before')), '-', models.F('buffer_after')))), name='type_within_a_day', violation_error_message='With its buffers it takes longer than a day.'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['lead', '-starts_at'], name='appointment_of_lead'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['location', 'starts_at'], name='appointment_by_day'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['provider', 'starts_at'], name='appointment_of_provider'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('status__in', ('pending', 'booked', 'arrived'))), fields=['starts_at'], name='appointment_standing'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('rebook_since__isnull', False)), fields=['rebook_since'], name='appointment_rebook'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='appointment_takes_time'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow'])), name='appointment_status_known'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('is_extra', False), models.Q(('extra_reason', ''), _negated=True), _connector='OR'), name='appointment_extra_has_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appointment',
            trigger=pgtrigger.compiler.Trigger(name='status_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{pending:booked,pending:cancelled,booked:arrived,booked:cancelled,booked:fulfilled,booked:noshow,arrived:booked,arrived:fulfilled,fulfilled:arrived,fulfilled:noshow,noshow:arrived,noshow:booked}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='6ee8a85590a7d7fbfc9bf65b9b14b513eb5b7597', operation='UPDATE', pgid='pgtrigger_status_moves_35f0c', table='scheduling_appointment', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='scheduleexception',
            index=models.Index(fields=['to_day'], name='exception_by_end'),
        ),
        migrations.AddConstraint(
            model_name='scheduleexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('location__isnull', False), ('resource', None)), models.Q(('location', None), ('resource__isnull', False)), _connector='OR'), name='exception_of_one_thing', violation_error_message='Choose a resource or a location, one of the two.'),
        ),
        migrations.AddConstraint(
            model_name='scheduleexception',
            constraint=models.CheckConstraint(condition=models.Q(('to_day__gte', models.F('from_day'))), name='exception_in_order', violation_error_message='The last day lies before the first.'),
        ),
        migrations.AddIndex(
            model_name='waitlistentry',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['kind', 'location', 'since'], name='waits_in_turn'),
        ),
        migrations.AddIndex(
            model_name='waitlistentry',
            index=models.Index(condition=models.Q(('state', 'offered')), fields=['offered_until'], name='offer_ends'),
        ),
        migrations.AddConstraint(
            model_name='waitlistentry',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'offered'])), fields=('lead', 'kind'), name='waits_once'),
        ),
        migrations.AddConstraint(
            model_name='waitlistentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'offered'), _negated=True), models.Q(('hold__isnull', False), ('offered_start__isnull', False), ('offered_until__isnull', False)), _connector='OR'), name='offer_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='weeklyrule',
            constraint=models.CheckConstraint(condition=models.Q(('weekdays', []), _negated=True), name='rule_has_weekdays'),
        ),
        migrations.AddConstraint(
            model_name='weeklyrule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from', None), ('valid_to', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='rule_validity_in_order', violation_error_message='The last day lies before the first.'),
        ),
    ]
