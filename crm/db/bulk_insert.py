"""New rows, with the INSERT of each model written once: of several tables in one round trip, or one if it can be.

A request makes nine rows of seven tables. Saved one by one they cost nine waits for the database and most of the time
that the request takes; together they cost one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import connection, models, transaction
from django.db.models.sql import InsertQuery

type Columns = Sequence[models.Field[Any, Any]]

_statements: dict[type[models.Model], tuple[str, Columns]] = {}


def insert(rows: Sequence[models.Model], *, savepoint: bool = True, thrown_away: Sequence[models.Model] = ()) -> None:
    """Insert new rows of any models, in the given order: all of them or, with IntegrityError, none. What the database
    fills in by itself (db_default) is left to it.

    For models whose key is made here and not by the database. Fields prepare their values as for save() (encryption,
    auto_now); signals are not sent. Needs no transaction of its own, which would cost two more trips: PostgreSQL runs
    statements that arrive together as one. Inside a transaction of the caller a savepoint keeps that one usable;
    without `savepoint` it saves two trips, and an error ends the caller's transaction. `thrown_away`: rows that are
    inserted and taken back in the same trip, inside a transaction of the caller, for what they cost (see kept_if).
    """
    protected = savepoint and connection.in_atomic_block
    with transaction.atomic() if protected else nullcontext(), connection.cursor() as cursor:
        bound: Any = cursor  # psycopg's client-side binding is not known to the type checker
        statements = [bound.mogrify(*_insertion(row)) for row in rows]
        if thrown_away:
            back = [bound.mogrify(*_insertion(row)) for row in thrown_away]
            statements += ["SAVEPOINT thrown_away", *back, "ROLLBACK TO SAVEPOINT thrown_away"]
        cursor.execute("; ".join(statements))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@contextmanager
def kept_if(counts: bool) -> Iterator[None]:
    """Run what a request changes, and keep it only if it counts. The work is done either way: its time tells a
    stranger nothing about whom we know. Inside a transaction; nothing in it may reach beyond the database."""
    with transaction.atomic():
        yield
        if not counts:
            transaction.set_rollback(True)


def insert_unless_taken(row: models.Model) -> bool:
    """Insert one new row, in the caller's transaction, unless a constraint is in the way: then return False, and the
    transaction goes on. Waits for whoever is about to write what would be in the way."""
    statement, values = _insertion(row)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ON CONFLICT DO NOTHING", values)
        return bool(cursor.rowcount == 1)


def _insertion(row: models.Model) -> tuple[str, list[Any]]:
    """Return the INSERT statement of a row's model, and the row's values in its order."""
    statement, columns = _statements.get(type(row)) or _compile(row)
    return statement, [column.get_db_prep_save(column.pre_save(row, add=True), connection) for column in columns]


def _compile(row: models.Model) -> tuple[str, Columns]:
    """Have Django write the INSERT of a model, once."""
    columns = [column for column in row._meta.local_concrete_fields if column.db_default is models.NOT_PROVIDED]
    query = InsertQuery(type(row))
    query.insert_values(columns, [row])
    [(statement, _values)] = query.get_compiler(connection=connection).as_sql()
    return _statements.setdefault(type(row), (statement, columns))
