"""SDV metadata JSON: read versions V1, V2 and unversioned files, write V2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from relsynth.errors import Faults, SchemaError, did_you_mean, examples_of
from relsynth.schema import Column, ForeignKey, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSIONS = ("V1", "V2", "MULTI_TABLE_V1", "SINGLE_TABLE_V1")
SINGLE_TABLE = "table"
_DOCUMENT = ("tables", "relationships", "METADATA_SPEC_VERSION")
_TABLE = (
    "columns",
    "primary_key",
    "alternate_keys",
    "sequence_key",
    "sequence_index",
    "column_relationships",
)
_RELATIONSHIP = (
    "parent_table_name",
    "child_table_name",
    "parent_primary_key",
    "child_foreign_key",
)
_COLUMN: dict[str, tuple[str, ...]] = {
    "numerical": ("range_min", "range_max", "decimal_places", "computer_representation"),
    "datetime": ("datetime_format", "range_min", "range_max"),
    "categorical": ("range_values", "high_cardinality", "order", "order_by"),
    "ordinal": ("range_values", "high_cardinality"),
    "boolean": (),
    "id": ("regex_format",),
    "unknown": ("pii",),
}
_COMMON = ("sdtype", "range_is_nullable")
_TYPES: dict[str, type] = {
    "decimal_places": int,
    "computer_representation": str,
    "datetime_format": str,
    "regex_format": str,
    "pii": bool,
    "range_is_nullable": bool,
    "high_cardinality": bool,
    "range_values": list,
    "order": list,
    "order_by": str,
}
_KINDS = {
    "numerical": "numeric",
    "datetime": "datetime",
    "categorical": "categorical",
    "ordinal": "ordinal",
    "boolean": "boolean",
    "id": "key",
}
_SDTYPES = {
    "key": "id",
    "numeric": "numerical",
    "integer": "numerical",
    "timedelta": "unknown",
} | {kind: kind for kind in ("boolean", "categorical", "ordinal", "datetime")}


def is_sdv(document: object) -> bool:
    """Return whether a parsed JSON document is SDV metadata."""
    if not isinstance(document, Mapping) or "relsynth" in document:
        return False
    if "METADATA_SPEC_VERSION" in document or "relationships" in document:
        return True
    tables = document.get("tables")
    if not isinstance(tables, Mapping):
        return isinstance(document.get("columns"), Mapping)
    described = [table for table in tables.values() if isinstance(table, Mapping)]
    return any("fields" in table for table in described) or any(
        "sdtype" in column
        for table in described
        if isinstance(table.get("columns"), Mapping)
        for column in table["columns"].values()
        if isinstance(column, Mapping)
    )


def read_sdv(document: Mapping[str, Any], source: str = "schema") -> Schema:
    """Read SDV metadata of any version since 1.0.

    Parameters
    ----------
    document : mapping
        The parsed JSON.
    source : str
        Where it came from; opens error messages.

    Returns
    -------
    Schema
        SDV's ``id`` becomes the kind ``key``; Faker types and ``unknown`` become ``text`` with a
        provider. What SDV says about sequences, addresses and high cardinality is kept among
        the constraints of its table.

    Raises
    ------
    SchemaError
        Listing every unknown word and every contradiction of the document.
    """
    if "tables" not in document and "columns" in document:
        version = document.get("METADATA_SPEC_VERSION", "V1")
        table = {key: value for key, value in document.items() if key != "METADATA_SPEC_VERSION"}
        document = {"tables": {SINGLE_TABLE: table}, "METADATA_SPEC_VERSION": version}
    with Faults(source, SchemaError) as faults:
        _refuse_unknown("the document", document, _DOCUMENT, faults)
        version = document.get("METADATA_SPEC_VERSION", "V2")
        if version not in VERSIONS:
            faults.add(f"METADATA_SPEC_VERSION is {version!r}; known are {', '.join(VERSIONS)}")
        given = _mapping("tables", document.get("tables"), faults)
        tables = [_read_table(name, given[name], faults) for name in given]
        listed = document.get("relationships", [])
        if not isinstance(listed, list):
            faults.add(f"relationships must be a list, not {type(listed).__name__}")
            listed = []
        by_name = {table.name: table for table in tables}
        keys = [_read_relationship(i, rel, by_name, faults) for i, rel in enumerate(listed)]
    return Schema(tables, [key for key in keys if key], source=source)


def _refuse_unknown(
    where: str, given: Mapping[str, Any], allowed: Iterable[str], faults: Faults
) -> None:
    known = tuple(allowed)
    for key in given:
        if key not in known:
            faults.add(f"{where} has the unknown key {key!r}; {did_you_mean(key, known)}")


def _mapping(where: str, value: Any, faults: Faults) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    faults.add(f"{where} must be an object, not {type(value).__name__}")
    return {}


def _names(where: str, value: Any, faults: Faults) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if all(isinstance(name, str) for name in names):
        return tuple(names)
    faults.add(f"{where} is {value!r}; it must be a column name or a list of them")
    return ()


def _read_table(name: str, given: Any, faults: Faults) -> Table:
    where = f"table {name!r}"
    table = _mapping(where, given, faults)
    _refuse_unknown(where, table, _TABLE, faults)
    columns = _mapping(f"{where}: columns", table.get("columns", {}), faults)
    key = table.get("primary_key")
    unique = table.get("alternate_keys") or []
    if not isinstance(unique, list):
        unique = [unique]
    return Table(
        name,
        {column: _read_column(name, column, columns[column], faults) for column in columns},
        primary_key=() if key is None else _names(f"{where}: primary_key", key, faults),
        unique=tuple(_names(f"{where}: alternate_keys", one, faults) for one in unique),
        constraints=tuple(_read_facts(where, table, columns, faults)),
    )


def _read_facts(
    where: str, table: Mapping[str, Any], columns: Mapping[str, Any], faults: Faults
) -> Iterable[Mapping[str, Any]]:
    key, index = table.get("sequence_key"), table.get("sequence_index")
    if key is not None or index is not None:
        fact: dict[str, Any] = {"type": "sequence"}
        if key is not None:
            fact["key"] = list(_names(f"{where}: sequence_key", key, faults))
        if index is not None:
            fact["index"] = index
        yield fact
    relations = table.get("column_relationships") or []
    for relation in relations if isinstance(relations, list) else [relations]:
        names = relation.get("column_names") if isinstance(relation, Mapping) else None
        if not isinstance(names, list) or not isinstance(relation.get("type"), str):
            faults.add(f"{where}: a column relationship needs 'type' and 'column_names'")
            continue
        yield {"type": relation["type"], "columns": names}
    wide = [
        name
        for name, column in columns.items()
        if isinstance(column, Mapping) and column.get("high_cardinality")
    ]
    if wide:
        yield {"type": "high_cardinality", "columns": wide}


def _read_column(table: str, name: str, given: Any, faults: Faults) -> Column:
    where = f"{table}.{name}"
    column = _mapping(where, given, faults)
    sdtype = column.get("sdtype")
    if not isinstance(sdtype, str):
        faults.add(f"{where} has no 'sdtype'")
        return Column(name)
    allowed = (*_COMMON, *_COLUMN.get(sdtype, ("pii",)))
    _refuse_unknown(f"{where} ({sdtype})", column, allowed, faults)
    column = _well_typed(where, column, faults)
    ordered = "order" in column or "order_by" in column
    values = column.get("range_values", column.get("order"))
    text = sdtype not in _KINDS
    return Column(
        name,
        kind="ordinal" if ordered else _KINDS.get(sdtype, "text"),
        nullable=column.get("range_is_nullable"),
        low=column.get("range_min"),
        high=column.get("range_max"),
        decimals=column.get("decimal_places"),
        values=None if values is None else tuple(values),
        format=column.get("datetime_format"),
        pattern=column.get("regex_format"),
        provider=sdtype if text and sdtype != "unknown" else None,
        pii=bool(column.get("pii", text)),
        native=column.get("computer_representation"),
    )


def _well_typed(where: str, column: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    kept = {}
    for key, value in column.items():
        wanted = _TYPES.get(key)
        if value is None:
            continue
        if wanted is None or type(value) is wanted:
            kept[key] = value
        else:
            faults.add(f"{where}: {key} is {value!r}; it must be of type {wanted.__name__}")
    for key in ("range_min", "range_max"):
        if isinstance(kept.get(key), (list, dict, bool)):
            faults.add(f"{where}: {key} is {kept.pop(key)!r}; it must be a number or a date")
    for key in ("range_values", "order"):
        if any(isinstance(value, (list, dict)) for value in kept.get(key, ())):
            faults.add(f"{where}: {key} holds {kept.pop(key)!r}; it must hold plain values")
    return kept


def _read_relationship(
    position: int, given: Any, tables: Mapping[str, Table], faults: Faults
) -> ForeignKey | None:
    where = f"relationship {position + 1}"
    rel = _mapping(where, given, faults)
    _refuse_unknown(where, rel, _RELATIONSHIP, faults)
    missing = [key for key in _RELATIONSHIP if key not in rel]
    if missing:
        faults.add(f"{where} lacks {', '.join(map(repr, missing))}")
        return None
    tables_named = [rel["parent_table_name"], rel["child_table_name"]]
    if not all(isinstance(name, str) for name in tables_named):
        faults.add(f"{where}: table names must be text, not {examples_of(tables_named)}")
        return None
    columns = _names(f"{where}: child_foreign_key", rel["child_foreign_key"], faults)
    targets = _names(f"{where}: parent_primary_key", rel["parent_primary_key"], faults)
    child = tables.get(rel["child_table_name"])
    said = [child.columns[c].nullable if child and c in child.columns else None for c in columns]
    return ForeignKey(
        rel["child_table_name"],
        columns,
        rel["parent_table_name"],
        targets,
        nullable=True if True in said else None if None in said else False,
    )


def write_sdv(metadata: Schema) -> dict[str, Any]:
    """Return the SDV metadata document, version V2, of a schema.

    SDV has no words for checks, composite unique sets, polymorphic keys, reference tables
    and row counts; these are left out.
    """
    issued = {
        (name, columns[0])
        for name, table in metadata.tables.items()
        for columns in table.candidate_keys
        if len(columns) == 1
    }
    for key in metadata.foreign_keys:
        if len(key.columns) == 1 and (key.parent, key.parent_columns[0]) in issued:
            issued.add((key.child, key.columns[0]))
    return {
        "tables": {
            name: _write_table(table, {column for home, column in issued if home == name})
            for name, table in metadata.tables.items()
        },
        "relationships": [
            {
                "parent_table_name": key.parent,
                "child_table_name": key.child,
                "parent_primary_key": _one_or_list(key.parent_columns),
                "child_foreign_key": _one_or_list(key.columns),
            }
            for key in metadata.foreign_keys
            if key.when is None
        ],
        "METADATA_SPEC_VERSION": "V2",
    }


def _one_or_list(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _write_table(table: Table, issued: set[str]) -> dict[str, Any]:
    facts: dict[str, list[Any]] = {"sequence": [], "high_cardinality": []}
    relations = []
    for constraint in table.constraints:
        if constraint["type"] in facts:
            facts[constraint["type"]].append(constraint)
        elif constraint["type"] in ("address", "gps"):
            relations.append(
                {"type": constraint["type"], "column_names": list(constraint["columns"])}
            )
    wide = {name for fact in facts["high_cardinality"] for name in fact["columns"]}
    written: dict[str, Any] = {
        "columns": {
            name: _write_column(column, issued=name in issued, wide=name in wide)
            for name, column in table.columns.items()
        }
    }
    if table.primary_key:
        written["primary_key"] = _one_or_list(table.primary_key)
    alternates = [columns[0] for columns in table.unique if len(columns) == 1]
    if alternates:
        written["alternate_keys"] = alternates
    for name in {name for columns in table.candidate_keys for name in columns}:
        written["columns"][name].pop("range_is_nullable", None)
    for fact in facts["sequence"]:
        if "key" in fact:
            written["sequence_key"] = _one_or_list(tuple(fact["key"]))
        if "index" in fact:
            written["sequence_index"] = fact["index"]
    if relations:
        written["column_relationships"] = relations
    return written


def _write_column(column: Column, *, issued: bool, wide: bool) -> dict[str, Any]:
    personal = column.pii and (column.provider is not None or column.kind == "text")
    if personal or (column.kind == "text" and not issued):
        sdtype = column.provider or "unknown"
    else:
        sdtype = "id" if issued else _SDTYPES[column.kind]
    fields = {
        "range_min": column.low,
        "range_max": column.high,
        "decimal_places": 0 if column.kind == "integer" else column.decimals,
        "datetime_format": column.format,
        "range_values": None if column.values is None else list(column.values),
        "regex_format": column.pattern,
        "high_cardinality": True if wide else None,
        "pii": column.pii,
    }
    allowed = _COLUMN.get(sdtype, ("pii",))
    written: dict[str, Any] = {"sdtype": sdtype}
    written.update({k: v for k, v in fields.items() if v is not None and k in allowed})
    if column.nullable is not None:
        written["range_is_nullable"] = column.nullable
    return written
