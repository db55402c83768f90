"""SQL files as applications have them: dumps, migrations, every dialect's own statements."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import relsynth as rs
from relsynth.formats.ddl import guess_dialect, read_ddl

pytest.importorskip("sqlglot")

DUMP = r"""
--
-- PostgreSQL database dump
--
\restrict k2Jd8
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TYPE public.phase AS ENUM ('open', 'done');
CREATE DOMAIN public.vintage AS integer CONSTRAINT v CHECK (VALUE > 1900 AND VALUE < 2100);
CREATE FUNCTION public.tidy(text[], timestamp with time zone) RETURNS trigger
    LANGUAGE plpgsql AS $_$ BEGIN NEW.x := 'a;b'; RETURN NEW; END $_$;
CREATE TABLE public.cellar (
    id bigint NOT NULL, owner_id bigint, label character varying(40) COLLATE "C" NOT NULL,
    year public.vintage, state public.phase DEFAULT 'open'::public.phase NOT NULL,
    tags public.phase[] NOT NULL, span tstzrange, flags bit(4),
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, (label)::text)) STORED,
    CONSTRAINT shown CHECK (((label)::text <> ALL (ARRAY['none'::text, 'nil'::text])))
);
ALTER TABLE public.cellar OWNER TO someone;
CREATE SEQUENCE public.cellar_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE;
COPY public.cellar (id, label) FROM stdin;
1	it's; CREATE TABLE nonsense (
\.
ALTER TABLE ONLY public.cellar ADD CONSTRAINT cellar_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX one_open ON public.cellar USING btree (owner_id) WHERE (state = 'open');
CREATE UNIQUE INDEX ci ON public.cellar USING btree (lower((label)::text) varchar_pattern_ops);
CREATE TRIGGER t BEFORE INSERT ON public.cellar FOR EACH ROW EXECUTE FUNCTION public.tidy();
\unrestrict k2Jd8
"""


def test_a_dump_is_read_and_what_is_passed_over_is_listed_with_lines():
    schema = read_ddl(DUMP)
    cellar = schema.tables["cellar"]
    assert list(schema.tables) == ["cellar"]
    assert cellar.primary_key == ("id",)
    assert cellar.columns["state"].values == ("open", "done")
    assert cellar.columns["words"].generated
    assert [c["type"] for c in cellar.constraints] == ["unique_index", "unique_index"]
    assert any("1900" in check for check in cellar.checks)
    told = str(schema.notes[0])
    assert "CREATE FUNCTION in line 10" in told
    assert "CREATE TRIGGER in line 27" in told


def test_a_dump_gives_rows_that_keep_its_conditions_and_indexes():
    tables = rs.generate(read_ddl(DUMP), 60, seed=4)
    cellar = tables["cellar"]
    opened = cellar[cellar["state"] == "open"]
    assert not opened["owner_id"].dropna().duplicated().any()
    assert not cellar["label"].str.lower().duplicated().any()
    assert not cellar["label"].isin(["none", "nil"]).any()
    assert cellar["year"].dropna().between(1901, 2099).all()
    assert cellar["tags"].str.fullmatch(r"\{(open|done)(,(open|done))?\}").all()
    assert cellar["flags"].dropna().str.fullmatch("[01]{4}").all()
    assert cellar["words"].isna().all()


def test_migrations_are_replayed_in_the_order_of_their_names(tmp_path):
    (tmp_path / "2_more.sql").write_text(
        "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME COLUMN mail TO email;"
        "ALTER TABLE people DROP COLUMN age, ADD COLUMN born date NOT NULL;"
        "DROP TABLE old; ALTER TABLE people ALTER COLUMN score TYPE numeric(5,1);"
    )
    (tmp_path / "10_last.sql").write_text(
        "ALTER TABLE notes DROP CONSTRAINT long_enough; CREATE TABLE copies (LIKE people);"
    )
    (tmp_path / "1_first.sql").write_text(
        "CREATE TABLE users (id int PRIMARY KEY, mail text UNIQUE, age int CHECK (age > 3),"
        " score int); CREATE TABLE old (id int);"
        "CREATE TABLE notes (id int PRIMARY KEY, by int REFERENCES users, text text,"
        " CONSTRAINT long_enough CHECK (length(text) > 5));"
    )
    (tmp_path / "2_more.down.sql").write_text("DROP TABLE people;")
    metadata = rs.Metadata.load(tmp_path)
    assert sorted(metadata.tables) == ["copies", "notes", "people"]
    people = metadata.tables["people"]
    assert list(people.columns) == ["id", "email", "score", "born"]
    assert people.unique == (("email",),)
    assert people.columns["score"].decimals == 1
    assert not people.checks
    assert not metadata.tables["notes"].checks
    assert [key.parent for key in metadata.foreign_keys] == ["people"]


def test_partitions_belong_to_their_table_and_bound_its_rows():
    tables = rs.generate(
        read_ddl(
            "CREATE TABLE ev (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);"
            "CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2021-03-01') TO ('2021-04-01');"
            "CREATE TABLE ev_2 (id int NOT NULL, at date NOT NULL);"
            "ALTER TABLE ev ATTACH PARTITION ev_2 FOR VALUES FROM ('2021-06-01') TO ('2021-07-01');"
        ),
        50,
    )
    assert list(tables) == ["ev"]
    assert set(tables["ev"]["at"].dt.strftime("%Y-%m")) <= {"2021-03", "2021-06"}


def test_one_name_in_two_schemas_is_two_tables():
    schema = read_ddl(
        "CREATE TABLE a.item (id int PRIMARY KEY); CREATE TABLE b.item (id int PRIMARY KEY,"
        " of_id int NOT NULL REFERENCES a.item(id)); CREATE TABLE b.only (id int PRIMARY KEY);"
    )
    assert sorted(schema.tables) == ["a.item", "b.item", "only"]
    assert schema.foreign_keys[0].parent == "a.item"


MYSQL = r"""
# a comment; of MySQL
/*!40101 SET NAMES utf8 */;
SET FOREIGN_KEY_CHECKS=0;
CREATE TABLE `seat` (
  `id` smallint(5) unsigned NOT NULL AUTO_INCREMENT COMMENT 'it''s; the key',
  `row` tinyint(3) unsigned NOT NULL, `mask` bit(6) NOT NULL, `since` year(4) NOT NULL,
  `kinds` set('aisle','window') NOT NULL, `ok` tinyint(1) NOT NULL DEFAULT '1',
  `price` double(8,2) unsigned NOT NULL, `label` varchar(20) CHARACTER SET latin1 NOT NULL,
  PRIMARY KEY (`id`), UNIQUE KEY `u` (`label`(10),`row`), KEY `k` (`row`), FULLTEXT KEY (`label`)
) ENGINE=InnoDB AUTO_INCREMENT=4 COMMENT='a (b, c';
DELIMITER $$
CREATE TRIGGER t BEFORE INSERT ON seat FOR EACH ROW
BEGIN IF NEW.row > 3 THEN SET NEW.row = 3; END IF; END$$
DELIMITER ;
INSERT INTO `seat` VALUES (1,'a\'b;c');
"""


def test_mysql_types_keep_their_meaning():
    schema = read_ddl(MYSQL)
    seat = rs.generate(schema, 80, seed=1, profile="edge")["seat"]
    assert guess_dialect(MYSQL) == "mysql"
    assert seat["row"].between(0, 255).all()
    assert seat["id"].between(0, 65_535).all()
    assert seat["mask"].between(0, 63).all()
    assert seat["since"].between(1901, 2155).all()
    assert set(seat["kinds"]) <= {"aisle", "window", "aisle,window"}
    assert seat["ok"].dtype == bool
    assert (seat["price"] >= 0).all()
    (unique,) = schema.tables["seat"].constraints
    assert unique["of"] == ['LEFT("label", 10)', '"row"']
    assert schema.tables["seat"].unique == (("label", "row"),)


TSQL = """
SET ANSI_NULLS ON
GO
CREATE TABLE [dbo].[Bin]([Id] [int] IDENTITY(1,1) NOT NULL,
[N] [nvarchar](max) NULL, [At] [datetime2](7) NOT NULL,
CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC)) ON [PRIMARY]
GO
ALTER TABLE [dbo].[Bin] WITH CHECK ADD CONSTRAINT [C] CHECK (([Id]>(0)))
GO
"""
ORACLE = """
rem a schema
PROMPT go
CREATE TABLE dept (id NUMBER(4) CONSTRAINT d_pk PRIMARY KEY, name VARCHAR2(20 CHAR))
/
CREATE OR REPLACE TRIGGER t BEFORE INSERT ON dept
BEGIN
  :new.id := 1; END;
/
CREATE TABLE emp (id NUMBER PRIMARY KEY, dept_id REFERENCES dept(id));
"""
SQLITE = """
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TRIGGER x AFTER INSERT ON t BEGIN
  UPDATE t SET v=CASE WHEN 1 THEN 2 ELSE 3 END; SELECT 1; END;
CREATE TABLE u (id integer);
COMMIT;
"""


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        (TSQL, {"Bin": ("Id",)}),
        (ORACLE, {"dept": ("id",), "emp": ("id",)}),
        (SQLITE, {"t": ("k",), "u": ()}),
    ],
)
def test_other_dialects_are_read_as_far_as_they_define_tables(sql, tables):
    schema = read_ddl(sql)
    assert {name: table.primary_key for name, table in schema.tables.items()} == tables
    rs.generate(schema, 5)


def test_an_unreadable_table_is_named_with_its_place():
    with pytest.raises(rs.SchemaError, match=r"line 2, column 31: cannot read 'CREATE TABLE b"):
        read_ddl("CREATE TABLE a (id int);\nCREATE TABLE b (id int,, n int);\n")


def test_circles_are_generated_where_the_database_can_hold_them():
    keys = (
        "CREATE TABLE staff (id int PRIMARY KEY, store_id int NOT NULL);"
        "CREATE TABLE store (id int PRIMARY KEY, boss_id int NOT NULL);"
        "ALTER TABLE staff ADD CONSTRAINT s FOREIGN KEY (store_id) REFERENCES store(id);"
        "ALTER TABLE store ADD CONSTRAINT b FOREIGN KEY (boss_id) REFERENCES staff(id);"
    )
    tables = rs.generate(read_ddl(keys), {"staff": 20, "store": 4})
    assert tables["staff"]["store_id"].isin(tables["store"]["id"]).all()
    assert tables["store"]["boss_id"].isin(tables["staff"]["id"]).all()
    inline = keys.replace("boss_id int NOT NULL)", "boss_id int NOT NULL REFERENCES staff(id))", 1)
    inline = inline[: inline.rindex("ALTER")]
    with pytest.raises(rs.SchemaError, match="staff -> store -> staff"):
        rs.generate(read_ddl(inline))


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ("s NOT LIKE '% %'", lambda s: not s.str.contains(" ").any()),
        ("s LIKE 'a%'", lambda s: s.str.startswith("a").all()),
        ("NOT (s LIKE 'a%')", lambda s: not s.str.startswith("a").any()),
        ("s !~ '[0-9]'", lambda s: not s.str.contains("[0-9]").any()),
        ("s ~* '^[a-f]+$'", lambda s: s.str.fullmatch("[a-fA-F]+").all()),
        ("s NOT IN ('x', 'y')", lambda s: not s.isin(["x", "y"]).any()),
        ("s = ANY (ARRAY['x'::text, 'y'::text])", lambda s: s.isin(["x", "y"]).all()),
        ("s IS DISTINCT FROM 'x'", lambda s: (s != "x").all()),
        ("s = lower(s) AND octet_length(s) = 9", lambda s: (s.str.len() == 9).all()),
        ("NOT s = upper(s)", lambda s: (s != s.str.upper()).all()),
        ("position('@' IN s) > 1", lambda s: (s.str.find("@") > 0).all()),
    ],
)
def test_negation_and_words_are_what_they_say_with_any_parser(check, holds):
    schema = read_ddl(f"CREATE TABLE a (id int PRIMARY KEY, s text NOT NULL, CHECK ({check}));")
    assert holds(rs.generate(schema, 40, seed=2)["a"]["s"])


def test_a_function_of_a_users_own_is_named_and_the_rest_is_kept():
    schema = read_ddl(
        "CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL, CHECK (n < 5 AND mine(n)));"
    )
    with pytest.warns(UserWarning, match="is not enforced"):
        frame = rs.generate(schema, 30)["a"]
    assert (frame["n"] < 5).all()
    with pytest.raises(rs.ConstraintError, match="MINE"):
        rs.generate(schema, unreadable="error")
    rs.generate(schema, unreadable="skip")


def test_conditions_read_no_file():
    schema = read_ddl(
        "CREATE TABLE a (id int PRIMARY KEY, CHECK (length(read_text('/etc/hostname')) > 0));"
    )
    with pytest.raises(rs.ConstraintError):
        rs.generate(schema, unreadable="error")


def test_two_keys_that_must_differ_in_order_are_chosen_again_not_shifted():
    tables = rs.generate(
        read_ddl(
            "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE pair (a int REFERENCES u(id),"
            " b int REFERENCES u(id), PRIMARY KEY (a, b), CHECK (a < b));"
        ),
        {"u": 20, "pair": 60},
    )
    pair = tables["pair"]
    assert (pair["a"] < pair["b"]).all()
    assert not pair.duplicated().any()
    assert pair[["a", "b"]].isin(tables["u"]["id"].tolist()).all(axis=None)


SHOP = """
CREATE TABLE client (id int PRIMARY KEY, name text NOT NULL, created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL, deleted_at timestamp, birth_date date NOT NULL);
CREATE TABLE thing (id int PRIMARY KEY, title text NOT NULL, slug text NOT NULL UNIQUE,
  unit_price numeric(8,2) NOT NULL);
CREATE TABLE purchase (id int PRIMARY KEY, client_id int NOT NULL REFERENCES client(id),
  status text NOT NULL, ordered_at timestamp NOT NULL, shipped_at timestamp,
  delivered_at timestamp, subtotal numeric(12,2) NOT NULL, tax numeric(12,2) NOT NULL,
  total numeric(12,2) NOT NULL);
CREATE TABLE purchase_line (id int PRIMARY KEY, purchase_id int NOT NULL REFERENCES purchase(id),
  thing_id int NOT NULL REFERENCES thing(id), quantity int NOT NULL,
  unit_price numeric(8,2) NOT NULL, line_total numeric(12,2) NOT NULL);
"""


def test_a_shop_without_rules_is_believable():
    sizes = {"client": 40, "thing": 15, "purchase": 120, "purchase_line": 300}
    tables = rs.generate(read_ddl(SHOP), sizes, seed=6, now="2024-06-01")
    client, thing, purchase, line = tables.values()
    assert (client["created_at"] <= client["updated_at"]).all()
    assert (client["birth_date"] < "2006-06-01").all()
    assert purchase["ordered_at"].max() < pd.Timestamp("2024-06-01")
    began = purchase["client_id"].map(client.set_index("id")["created_at"])
    assert (purchase["ordered_at"] >= began).all()
    shipped = purchase["status"].isin(["shipped", "delivered"])
    assert (purchase["shipped_at"].notna() == shipped).all()
    assert (purchase["delivered_at"].notna() == (purchase["status"] == "delivered")).all()
    assert (purchase["delivered_at"] >= purchase["shipped_at"])[
        purchase["delivered_at"].notna()
    ].all()
    assert (thing["slug"] == thing["title"].str.lower().str.replace(" ", "-")).mean() > 0.8
    prices = line["thing_id"].map(thing.set_index("id")["unit_price"])
    assert (line["unit_price"] - prices).abs().max() < 0.01
    sums = line.groupby("purchase_id")["line_total"].sum()
    assert (purchase.set_index("id")["subtotal"] - sums).abs().max() < 0.01
    assert (purchase["subtotal"] + purchase["tax"] - purchase["total"]).abs().max() < 0.011


def test_what_is_assumed_is_told_and_can_be_switched_off():
    from relsynth.generation import assumptions

    told = [str(note) for note in assumptions(rs.Metadata.from_schema(read_ddl(SHOP)))]
    assert any(
        "purchase.subtotal: is assumed to be the sum of purchase_line.line_total" in t for t in told
    )
    assert any("ordered_at <= shipped_at <= delivered_at" in t for t in told)
    plain = rs.generate(read_ddl(SHOP), {"purchase": 200, "client": 5}, assume=False)["purchase"]
    assert (plain["subtotal"] + plain["tax"] - plain["total"]).abs().max() > 1
    with pytest.raises(rs.SchemaError, match="did you mean 'sums'"):
        rs.generate(read_ddl(SHOP), assume=["sum"])


@pytest.mark.slow
def test_the_command_line_guards_tries_and_certifies(tmp_path):
    (tmp_path / "shop.sql").write_text(SHOP)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "relsynth", "generate", "shop.sql", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    refused = run("-o", "production.db", "-r", "10")
    assert refused.returncode == 2
    assert "looks like production" in refused.stderr
    tried = run("-o", "a.db", "-r", "10", "--dry-run", "--certificate", "c.json", "--json")
    assert tried.returncode == 0, tried.stderr
    assert '"broken": 0' in tried.stdout
    done = run("-o", "a.db", "-r", "10")
    assert done.returncode == 0, done.stderr
    assert "assumed: purchase.total" in done.stderr
    again = run("-o", "a.db", "-r", "10", "--skip-existing", "--json")
    assert '"client": 0' in again.stdout, again.stderr
    emptied = run("-o", "a.db", "-r", "12", "--truncate", "--json")
    assert '"broken": 0' in emptied.stdout, emptied.stderr
    script = run("-o", "rows.sql", "-r", "5", "--data-only")
    assert script.returncode == 0, script.stderr
    written = (tmp_path / "rows.sql").read_text()
    assert "CREATE TABLE" not in written
    assert "OVERRIDING SYSTEM VALUE" in written
