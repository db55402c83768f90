"""Sums that the names of columns, or a condition, tell of."""

import relsynth as rs
from relsynth.formats.ddl import read_ddl


def test_a_total_that_a_condition_states_follows_from_its_parts():
    text = (
        "CREATE TABLE bills (id serial PRIMARY KEY, net numeric(10,2) NOT NULL, "
        "vat numeric(10,2) NOT NULL, total numeric(10,2) NOT NULL, CHECK (total = net + vat));"
    )
    bills = rs.generate(read_ddl(text), rows={"bills": 60}, seed=0)["bills"]
    assert (bills["net"] > 0).all()
    assert ((bills["net"] * 0.2 - bills["vat"]).abs() < 0.01).all()
    assert ((bills["net"] + bills["vat"] - bills["total"]).abs() < 0.005).all()
