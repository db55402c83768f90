"""The pytest plugin, as a project that uses it sees it."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SHOP = (Path(__file__).parents[2] / "schemas" / "shop.json").read_text(encoding="utf-8")
EXAMPLE = Path(__file__).parents[2] / "examples" / "pytest_project"


@pytest.fixture
def project(pytester):
    pytester.makefile(".json", schema=SHOP)
    return pytester


def run(project, *arguments: str):
    installed = entry_points(group="pytest11", name="relsynth")
    load = () if installed else ("-p", "relsynth.pytest_plugin")
    return project.runpytest_subprocess(*load, "-p", "no:cacheprovider", *arguments)


def test_tables_and_database_agree_and_writes_are_rolled_back(project):
    project.makepyfile(
        """
        import pytest
        from sqlalchemy import text

        pytestmark = pytest.mark.relsynth("schema.json", rows={"customers": 12}, seed=5)

        def count(db, table):
            return db.scalar(text(f"SELECT count(*) FROM {table}"))

        @pytest.mark.parametrize("turn", range(3))
        def test_isolated(relsynth_db, relsynth_tables, turn):
            assert count(relsynth_db, "customers") == len(relsynth_tables["customers"]) == 12
            relsynth_db.execute(text("DELETE FROM order_lines"))
            relsynth_db.execute(text("DELETE FROM orders"))
            assert count(relsynth_db, "orders") == 0

        def test_session_may_commit_and_roll_back(relsynth_db, relsynth_tables):
            from sqlalchemy.orm import Session
            with Session(relsynth_db) as session:
                session.execute(text("DELETE FROM order_lines"))
                session.commit()
                session.rollback()
            assert count(relsynth_db, "orders") == len(relsynth_tables["orders"])

        def test_after(relsynth_db, relsynth_tables):
            assert count(relsynth_db, "order_lines") == len(relsynth_tables["order_lines"])

        def test_constraints_are_on(relsynth_db):
            from sqlalchemy.exc import IntegrityError
            with pytest.raises(IntegrityError):
                relsynth_db.execute(text("UPDATE orders SET customer_id = 999"))

        def test_own_copy(relsynth_tables):
            relsynth_tables["customers"]["id"] = 0

        def test_copy_again(relsynth_tables):
            assert relsynth_tables["customers"]["id"].tolist() == list(range(1, 13))
        """
    )
    run(project).assert_outcomes(passed=8)


@pytest.mark.slow
def test_failing_test_prints_what_reproduces_its_data(project):
    project.makepyfile(
        """
        import pytest

        @pytest.mark.relsynth("schema.json", profile="minimal", seed=42)
        def test_wrong(relsynth_tables):
            assert not relsynth_tables
        """
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*generate('schema.json', profile='minimal', seed=42)*"])
    again = run(project, "--relsynth-seed=7")
    again.stdout.fnmatch_lines(["*seed=7)*"])


@pytest.mark.slow
def test_schema_and_url_from_the_configuration(project):
    project.makeini(
        """
        [pytest]
        relsynth_schema = schema.json
        relsynth_url = sqlite:///own.db
        """
    )
    project.makepyfile(
        """
        from sqlalchemy import inspect, text

        def test_first(relsynth_db):
            assert relsynth_db.engine.url.database == "own.db"
            assert relsynth_db.scalar(text("SELECT count(*) FROM customers")) == 100

        def test_second(relsynth_db):
            assert relsynth_db.scalar(text("SELECT count(*) FROM customers")) == 100
        """
    )
    run(project).assert_outcomes(passed=2)


@pytest.mark.slow
def test_tables_are_made_once_per_schema_and_arguments(project):
    project.makepyfile(
        """
        import pytest
        import relsynth.generation as generation

        made = []

        @pytest.fixture(autouse=True)
        def counting(monkeypatch):
            real = generation.generate
            def counted(*schema, **said):
                made.append(said)
                return real(*schema, **said)
            monkeypatch.setattr(generation, "generate", counted)

        @pytest.mark.parametrize("seed", [1, 1, 2])
        def test_one(request, seed):
            request.node.add_marker(pytest.mark.relsynth("schema.json", seed=seed))
            request.getfixturevalue("relsynth_tables")

        def test_counted():
            assert [k["seed"] for k in made] == [1, 2]
        """
    )
    run(project).assert_outcomes(passed=4)


def test_wrong_use_is_explained(project):
    project.makepyfile(
        """
        import pytest

        def test_nothing_said(relsynth_tables): pass

        @pytest.mark.relsynth("schema.json", row=3)
        def test_unknown_word(relsynth_tables): pass
        """
    )
    result = run(project)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*no schema*", "*takes a schema*row*"])


@pytest.mark.slow
def test_the_example_project_passes(pytester):
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = pytester.path / path.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    result = run(pytester)
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}, json.dumps(outcomes)
    assert outcomes["passed"] >= 5
