"""Below /my/appointments/."""

from django.urls import path

from scheduling import choosing, deciding, my

app_name = "appointments"
urlpatterns = [
    path("", my.mine, name="mine"),
    path("book/<slug:key>/", choosing.choose, name="choose"),
    path("book/<slug:key>/wait/", my.wait_for_any, name="wait_for_any"),
    path("held/<uuid:hold>/", deciding.confirm, name="confirm"),
    path("<uuid:appointment_id>/", my.one, name="one"),
    path("<uuid:appointment_id>/will-come/", my.will_come, name="will_come"),
    path("<uuid:appointment_id>/move/", choosing.move, name="move"),
    path("<uuid:appointment_id>/move/nearby/", deciding.confirm_overlap, name="confirm_overlap"),
    path("<uuid:appointment_id>/move/<uuid:hold>/", deciding.confirm_move, name="confirm_move"),
    path("<uuid:appointment_id>/cancel/", my.cancel, name="cancel"),
    path("<uuid:appointment_id>/appointment.ics", my.calendar_file, name="ics"),
    path("offer/<uuid:entry_id>/", my.answer_offer, name="offer"),
    path("<uuid:appointment_id>/wait/", my.wait, name="wait"),
]
