"""Databases: keys and types go in, the same tables come out."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.storage import read_tables, write_tables

pytest.importorskip("sqlalchemy")

TEAMS = Metadata(
    [
        Table(
            "teams",
            {
                "id": Column("id", "key"),
                "lead": Column("lead", "key"),
                "name": Column("name", "text", nullable=False),
                "since": Column("since", "datetime", format="%Y-%m-%d"),
            },
            ("id",),
            (("name",),),
        ),
        Table(
            "members",
            {
                "team": Column("team", "key"),
                "no": Column("no", "integer"),
                "boss": Column("boss", "key"),
                "paid": Column("paid", "numeric"),
                "seen": Column("seen", "datetime"),
                "active": Column("active", "boolean"),
                "shift": Column("shift", "timedelta"),
                "odd": Column("odd", "datetime", format="%d.%m.%Y"),
            },
            ("team", "no"),
        ),
    ],
    [
        ForeignKey("members", ("team",), "teams", ("id",), name="fk_team"),
        ForeignKey("members", ("team", "boss"), "members", ("team", "no")),
        ForeignKey("teams", ("id", "lead"), "members", ("team", "no"), nullable=True),
    ],
)


def tables():
    return {
        "teams": pd.DataFrame(
            {
                "id": [1, 2],
                "lead": [1.0, None],
                "name": ["a 'b'", "ü"],
                "since": ["2020-01-31", None],
            }
        ),
        "members": pd.DataFrame(
            {
                "team": [1, 1, 2],
                "no": [1, 2, 1],
                "boss": pd.array([None, 1, None], dtype="Int64"),
                "paid": [0.1, None, 2.5],
                "seen": pd.to_datetime(["2020-01-01 10:00:00.5", None, "2020-01-02 00:00:00.0"]),
                "active": pd.array([True, None, False], dtype="boolean"),
                "shift": pd.to_timedelta(["1h", None, "2h"]),
                "odd": ["31.01.2020", None, "01.02.2020"],
            }
        ),
    }


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/x.db"


def test_tables_come_back_with_types(url, tmp_path):
    write_tables(tables(), url, metadata=TEAMS)
    for source in (url, tmp_path / "x.db", str(tmp_path / "x.db")):
        again = read_tables(source, TEAMS)
        assert list(again) == ["teams", "members"]
        members, given = again["members"], tables()["members"]
        for name in ("team", "no", "boss", "paid", "active", "odd"):
            pd.testing.assert_series_equal(members[name], given[name])
        assert members["seen"].equals(given["seen"].astype(members["seen"].dtype))
        assert pd.to_timedelta(members["shift"]).equals(given["shift"])
        assert again["teams"]["since"].iloc[0] == pd.Timestamp("2020-01-31")
        assert again["teams"]["lead"].tolist() == [1, pd.NA]
        assert str(again["teams"]["name"].dtype) == str(tables()["teams"]["name"].dtype)


def test_database_gets_keys_and_types(url, tmp_path):
    write_tables(tables(), url, metadata=TEAMS)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        columns = connection.execute("PRAGMA table_info(members)").fetchall()
        assert [(row[1], row[5]) for row in columns if row[5]] == [("team", 1), ("no", 2)]
        kinds = {row[1]: row[2] for row in columns}
        assert kinds["odd"] == "TEXT"
        assert kinds["boss"] == "INTEGER"
        listed = connection.execute("PRAGMA foreign_key_list(members)").fetchall()
        assert {(row[2], row[3], row[4]) for row in listed} == {
            ("teams", "team", "id"),
            ("members", "team", "team"),
            ("members", "boss", "no"),
        }
        teams = connection.execute("PRAGMA table_info(teams)").fetchall()
        assert {row[1]: (row[2], row[3]) for row in teams}["since"] == ("DATE", 0)
        assert {row[1]: row[3] for row in teams}["name"] == 1
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO members (team, no) VALUES (9, 9)")
    connection.close()


def test_existing_tables_are_never_overwritten(url):
    write_tables({"teams": tables()["teams"]}, url)
    with pytest.raises(rs.DataError, match="'teams' exists already"):
        write_tables(tables(), url, metadata=TEAMS)
    assert list(read_tables(url)) == ["teams"]


def test_database_gets_all_tables_or_none(url):
    broken = tables()
    broken["members"] = broken["members"].assign(no=1)
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        write_tables(broken, url, metadata=TEAMS)
    with pytest.raises(rs.DataError, match="no tables"):
        read_tables(url)


def test_new_tables_join_old_ones(url):
    write_tables({"teams": tables()["teams"]}, url)
    write_tables({"other": pd.DataFrame({"a": [1]})}, url)
    assert list(read_tables(url)) == ["other", "teams"]


def test_missing_table_is_named(url):
    write_tables({"team": tables()["teams"]}, url)
    with pytest.raises(rs.DataError, match=r"'teams' is missing; did you mean 'team'\?"):
        read_tables(url, TEAMS)


def test_missing_file_is_not_created(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such SQLite file"):
        read_tables(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


def test_unknown_url_keeps_the_password_to_itself():
    with pytest.raises(rs.DataError, match="nosuch://host/db") as caught:
        read_tables("nosuch://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_database_that_does_not_answer(tmp_path):
    with pytest.raises(ConnectionError, match="unable to open"):
        write_tables(tables(), f"sqlite:///{tmp_path}/no/folder/x.db")


def test_sqlite_files_of_other_programs(tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE t (
              n INTEGER, price DECIMAL(10, 2), day DATE, moment DATETIME, strange DATE,
              mixed INTEGER, b BOOLEAN, free, PRIMARY KEY (n)
            );
            INSERT INTO t VALUES
              (2, 1.50, '2020-01-02', '2020-01-02 03:04:05', '31.12.2020', 1, 1, 'x'),
              (1, 2, NULL, '2020-01-02', 'never', 'one', 0, NULL);
            CREATE TABLE empty (a INTEGER, d DATETIME);
            """
        )
    connection.close()
    read = read_tables(path)
    t = read["t"]
    assert t["n"].tolist() == [1, 2]
    assert t["price"].tolist() == [2.0, 1.5]
    assert t["day"].tolist() == [pd.NaT, pd.Timestamp("2020-01-02")]
    assert t["moment"].dtype.kind == "M"
    assert t["strange"].tolist() == ["never", "31.12.2020"]
    assert t["mixed"].tolist() == ["one", 1]
    assert str(t["b"].dtype) == "bool"
    assert t["free"].isna().tolist() == [True, False]
    assert len(read["empty"]) == 0
    assert read["empty"]["d"].dtype.kind == "M"


def test_days_and_times_are_written_as_such(url, tmp_path):
    day, hours = Column("day", "datetime", native="DATE"), Column("at", "timedelta", native="TIME")
    told = {"day": day, "moment": Column("moment", "datetime", native="DATE"), "at": hours}
    days = pd.to_datetime(["2020-01-31", None])
    table = pd.DataFrame(
        {"day": days, "moment": days + pd.Timedelta("1h"), "at": [dt.time(9, 30), None]}
    )
    write_tables({"t": table}, url, metadata=Metadata([Table("t", told)]))
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        rows = connection.execute("SELECT * FROM t").fetchall()
    connection.close()
    assert rows[0] == ("2020-01-31", "2020-01-31 01:00:00", "09:30:00.000000")
    assert rows[1] == (None, None, None)


def test_more_rows_than_one_portion(url):
    table = pd.DataFrame({"n": range(50_001), "x": [None] * 50_000 + [1.0]})
    write_tables({"t": table}, url)
    again = read_tables(url)["t"]
    pd.testing.assert_frame_equal(again, table)


def test_polymorphic_references_have_no_form_in_sql(url, tmp_path):
    notes = Table("notes", {"about": Column("about", "key"), "what": Column("what")})
    metadata = Metadata(
        [TEAMS.tables["teams"], notes],
        [ForeignKey("notes", ("about",), "teams", ("id",), when={"what": "team"})],
    )
    given = {
        "teams": tables()["teams"],
        "notes": pd.DataFrame({"about": [1, 77], "what": ["team", "x"]}),
    }
    write_tables(given, url, metadata=metadata)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        assert connection.execute("PRAGMA foreign_key_list(notes)").fetchall() == []
    connection.close()


def test_a_damaged_sqlite_file_is_told(tmp_path):
    path = tmp_path / "shop.db"
    rs.write_tables({"t": pd.DataFrame({"id": range(2_000)})}, path)
    whole = path.read_bytes()
    for damaged in (whole[:16] + b"x" * 300, whole[:4_096] + b"\xff" * (len(whole) - 4_096)):
        path.write_bytes(damaged)
        with pytest.raises(rs.DataError, match=r"shop\.db: the database is damaged"):
            rs.read_tables(path)
