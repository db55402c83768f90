"""Write rows through the models of a Django project, into the connection it has open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.storage.loading import loading_order

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables


def is_django(target: Any) -> bool:
    """Return whether this is a connection of Django."""
    return hasattr(target, "vendor") and hasattr(target, "settings_dict")


def load_into_django(
    tables: Tables, connection: Any, metadata: Schema, *, append: bool, dry_run: bool
) -> dict[str, int]:
    """Write tables through a connection of Django, inside its transaction.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As `generate` returns them for the models of the project.
    connection : BaseDatabaseWrapper
        ``django.db.connection``, in a test that of the test database.
    metadata : Schema
        Of the models.
    append : bool
        Write beside rows that exist; otherwise a table that holds rows is refused.
    dry_run : bool
        Roll back what was written.

    Returns
    -------
    dict of str to int
        Rows written per table.

    Raises
    ------
    DataError
        Where a table has no model, holds rows already, or the database rejects a row.
    """
    from django.core.management.color import no_style
    from django.db import DatabaseError, transaction

    models = _models(metadata)
    alias = connection.alias
    if not append:
        with Faults("the database", DataError) as faults:
            for name, model in models.items():
                if model._base_manager.using(alias).exists():
                    faults.add(f"the table {name!r} holds rows already; append beside them")
    order, _ = loading_order(metadata, self_references=True)
    try:
        with ExitStack() as opened:
            opened.enter_context(transaction.atomic(using=alias))
            if not connection.features.can_defer_constraint_checks:
                opened.enter_context(connection.constraint_checks_disabled())
            for name in order:
                _insert(models[name], tables[name], connection)
            connection.check_constraints([m._meta.db_table for m in models.values()])
            with connection.cursor() as cursor:
                for line in connection.ops.sequence_reset_sql(no_style(), list(models.values())):
                    cursor.execute(line)
            if dry_run:
                transaction.set_rollback(True, using=alias)
    except DatabaseError as error:
        raise DataError(f"the database rejects the rows: {str(error).strip()}") from error
    return {name: len(tables[name]) for name in metadata.tables}


def _models(metadata: Schema) -> dict[str, Any]:
    """Return the model of every table, those that Django makes for many-to-many fields too."""
    from django.apps import apps

    known = {m._meta.db_table: m for m in apps.get_models(include_auto_created=True)}
    with Faults("the models", DataError) as faults:
        for name in metadata.tables:
            if name not in known:
                faults.add(f"the table {name!r} belongs to no model of the installed apps")
    return {name: known[name] for name in metadata.tables}


def _insert(model: Any, frame: pd.DataFrame, connection: Any) -> None:
    """Insert rows as they are, also those of a model that extends another one."""
    from django.db.models import sql

    fields = [f for f in model._meta.local_concrete_fields if f.column in frame
              and not getattr(f, "generated", False)]  # fmt: skip
    if not len(frame):
        return
    columns = [list(_values(field, frame[field.column], connection)) for field in fields]
    names = [field.attname for field in fields]
    rows = [SimpleNamespace(**dict(zip(names, row, strict=True)))
            for row in zip(*columns, strict=True)]  # fmt: skip
    size = connection.ops.bulk_batch_size(fields, rows) or len(rows)
    for start in range(0, len(rows), size):
        query = sql.InsertQuery(model)
        query.insert_values(fields, rows[start : start + size], raw=True)
        query.get_compiler(using=connection.alias).execute_sql()


def _values(field: Any, column: pd.Series, connection: Any) -> Iterator[Any]:
    """Yield values as the field has them."""
    from django.conf import settings

    field = field.target_field if field.is_relation else field
    kind = field.get_internal_type()
    for value, missing in zip(column.astype(object), column.isna(), strict=True):
        if missing:
            yield None
        elif isinstance(value, pd.Timestamp):
            moment = value.to_pydatetime()
            if kind == "DateField":
                yield moment.date()
            else:
                naive = settings.USE_TZ and moment.tzinfo is None
                yield moment.replace(tzinfo=UTC) if naive else moment
        elif isinstance(value, pd.Timedelta):
            yield value.to_pytimedelta()
        elif kind == "JSONField":
            yield json.loads(value) if isinstance(value, str) else value
        elif kind == "BinaryField":
            yield value.encode() if isinstance(value, str) else value
        else:
            yield field.to_python(value)
