"""Entity-relationship diagrams."""

from relsynth.metadata import Column, ForeignKey, Metadata, Table


def test_diagram_worked_out_by_hand():
    orders = Table(
        "orders",
        {"id": Column("id", "key"), "ship to": Column("ship to", "key", nullable=True)},
        ("id",),
    )
    bills = Table(
        "bills",
        {"order": Column("order", "key"), "no.": Column("no.", "integer")},
        ("order",),
        (("no.",),),
    )
    keys = [
        ForeignKey("orders", ("ship to",), "orders", ("id",)),
        ForeignKey("bills", ("order",), "orders", ("id",)),
    ]
    assert Metadata([orders, bills], keys).to_mermaid() == (
        "erDiagram\n"
        '    "orders" {\n'
        "        key id PK\n"
        '        key ship_to FK "ship to"\n'
        "    }\n"
        '    "bills" {\n'
        "        key order PK, FK\n"
        '        integer no_ UK "no."\n'
        "    }\n"
        '    "orders" |o--o{ "orders" : "ship to"\n'
        '    "orders" ||--o| "bills" : "order"\n'
    )
