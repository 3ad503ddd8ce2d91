"""What every list of the desk stands on: it says how its rows reach their location, and shows those in sight.

A list that says nothing does not start. What belongs to no location (mail of nobody known) is seen by whoever works
for all of them: docs/decisions/0016-no-location.md.
"""

from typing import Any, cast

from django.contrib.admin import AdminSite, RelatedFieldListFilter
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Field, Model, Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from crm.models import User
from crm.models.lead import visible_q


class ScopedAdmin(ModelAdmin):
    """A list of rows in sight. `location_path`: how a row reaches its location, such as "lead__location"; None for rows
    that have none, with the reason in `everywhere_because`. What else can be chosen follows its own model's list."""

    location_path: str | None
    everywhere_because: str = ""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        _insist_on_a_location(self)

    def sighted(self, user: User) -> Q:
        """Return which rows this person may see and change; Q() for all."""
        if self.location_path is None:
            return Q()
        return visible_q(user, location=self.location_path, nowhere=_nullable(self.model, self.location_path))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows in sight, for every page, choice and action: what is elsewhere is not found (404)."""
        return super().get_queryset(request).filter(self.sighted(cast(User, request.user)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row; on a page to read, with only those of its many-to-many rows that are in sight."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method != "POST":
            chosen = [(field, self.scope_of(field, request)) for field in self.opts.many_to_many]
            prefetch_related_objects([found], *(_only(field, wanted) for field, wanted in chosen if wanted))
        return found

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Answer 404 for a row that is not found: Django would go back to the start and repeat the id."""
        raise Http404("There is no such row, or it belongs to another location.")

    def get_field_queryset(self, db: str | None, db_field: Field, request: HttpRequest) -> QuerySet[Any] | None:
        """Return what can be chosen in a field: what the list of the other model would show."""
        offered: QuerySet[Any] | None = super().get_field_queryset(db, db_field, request)
        wanted = self.scope_of(db_field, request)
        if not wanted:
            return offered
        return (db_field.related_model._default_manager.all() if offered is None else offered).filter(wanted)  # type: ignore[union-attr]

    def scope_of(self, field: Field, request: HttpRequest) -> Q:
        """Return which rows of the model that `field` points to are in sight; Q() for all."""
        other = self.admin_site._registry.get(cast("type[Model]", field.related_model))
        return other.sighted(cast(User, request.user)) if isinstance(other, ScopedAdmin) else Q()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Keep chosen what could not be chosen because it is elsewhere."""
        for field in self.opts.many_to_many:
            wanted = self.scope_of(field, request)
            if wanted and field.name in form.cleaned_data:
                kept = getattr(form.instance, field.name).exclude(
                    pk__in=field.related_model._default_manager.filter(wanted).values("pk")
                )
                form.cleaned_data[field.name] = [*form.cleaned_data[field.name], *kept]
        super().save_related(request, form, formsets, change)


class ScopedFilter(RelatedDropdownFilter):
    """A filter by related rows that offers no more of them than their own list would show."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        ordering = self.field_admin_ordering(field, request, model_admin)
        wanted = model_admin.scope_of(field, request)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=wanted)


def _only(field: Field, wanted: Q) -> Prefetch:
    return Prefetch(field.name, queryset=cast("type[Model]", field.related_model)._default_manager.filter(wanted))


def _insist_on_a_location(page: ScopedAdmin) -> None:
    """Raise ImproperlyConfigured for a list that does not say how its rows reach their location, or why they have none,
    and for one that filters by related rows without a ScopedFilter."""
    if not hasattr(page, "location_path"):
        raise ImproperlyConfigured(f"{type(page).__name__}: say in location_path how its rows reach their location.")
    if page.location_path is None and not page.everywhere_because:
        raise ImproperlyConfigured(f"{type(page).__name__}: say in everywhere_because why its rows have no location.")
    for entry in page.list_filter:
        how = entry[1] if isinstance(entry, tuple) else entry
        points = isinstance(how, str) and _points_elsewhere(page.model, how)
        if points or (isinstance(how, type) and issubclass(how, RelatedFieldListFilter) and how is not ScopedFilter):
            raise ImproperlyConfigured(f"{type(page).__name__}: filter by {entry} with a ScopedFilter.")


def _points_elsewhere(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).is_relation)
    except FieldDoesNotExist:
        return False


def _nullable(model: type[Model], path: str) -> str:
    """Return `path` up to its first step that a row may be without; "" for none."""
    walked = list[str]()
    for name in path.split("__"):
        walked.append(name)
        if name == "pk":
            return ""
        field = model._meta.get_field(name)
        if getattr(field, "null", False):
            return "__".join(walked)
        model = cast("type[Model]", field.related_model)
    return ""
