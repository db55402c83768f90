"""Text that spreadsheets run as formulas, in CSV files."""

from __future__ import annotations

import pandas as pd
import pytest

import relsynth as rs

CELLS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a=1", None]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_formulas_are_escaped_where_asked(tmp_path, dtype, form):
    frame = pd.DataFrame({"=a": pd.Series(CELLS, dtype=dtype), "n": range(-3, 4)})
    rs.write_tables({"t": frame}, tmp_path / "on", form, escape_formulas=True)
    back = rs.read_tables(tmp_path / "on")["t"]
    shown = [v if isinstance(v, str) else None for v in back["'=a"]]
    assert shown == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "a=1", None]
    assert list(back["n"]) == list(range(-3, 4))
    rs.write_tables({"t": frame}, tmp_path / "off", form)
    assert rs.read_tables(tmp_path / "off")["t"]["=a"].iloc[0] == "=1+1"


def test_only_files_of_spreadsheets_are_escaped(tmp_path):
    frame = pd.DataFrame({"a": CELLS})
    with pytest.raises(rs.DataError, match="escape_formulas"):
        rs.write_tables({"t": frame}, tmp_path / "p", "parquet", escape_formulas=True)
    with pytest.raises(rs.DataError, match="escape_formulas"):
        rs.write_tables({"t": frame}, tmp_path / "x.db", escape_formulas=True)
