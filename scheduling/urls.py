"""Below /my/appointments/."""

from django.urls import path

from scheduling.portal import appointments, confirm_views, slot_views

app_name = "appointments"
urlpatterns = [
    path("", appointments.mine, name="mine"),
    path("book/<slug:key>/", slot_views.choose, name="choose"),
    path("book/<slug:key>/wait/", appointments.wait_for_any, name="wait_for_any"),
    path("held/<uuid:hold>/", confirm_views.confirm, name="confirm"),
    path("<uuid:appointment_id>/", appointments.one, name="one"),
    path("<uuid:appointment_id>/will-come/", appointments.will_come, name="will_come"),
    path("<uuid:appointment_id>/move/", slot_views.move, name="move"),
    path("<uuid:appointment_id>/move/nearby/", confirm_views.confirm_overlap, name="confirm_overlap"),
    path("<uuid:appointment_id>/move/<uuid:hold>/", confirm_views.confirm_move, name="confirm_move"),
    path("<uuid:appointment_id>/cancel/", appointments.cancel, name="cancel"),
    path("<uuid:appointment_id>/appointment.ics", appointments.calendar_file, name="ics"),
    path("offer/<uuid:entry_id>/", appointments.answer_offer, name="offer"),
    path("<uuid:appointment_id>/wait/", appointments.wait, name="wait"),
]
