"""From nothing to a result in ten lines, and pages that say all there is."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WALKS = sorted((ROOT / "examples" / "walks").glob("*.py"))


@pytest.mark.parametrize("walk", WALKS, ids=lambda path: path.stem)
def test_a_walk_has_ten_lines_at_most(walk):
    body = ast.parse(walk.read_text(encoding="utf-8")).body
    assert len([node for node in body if not isinstance(node, ast.Expr)]) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("walk", WALKS, ids=lambda path: path.stem)
def test_a_walk_comes_to_its_result(walk, tmp_path):
    done = subprocess.run(
        [sys.executable, walk], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wanted = {"data": "report.html", "backend": "test.db", "research": "table.tex"}
    assert (tmp_path / wanted[walk.stem]).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "backend", "research"])
@pytest.mark.filterwarnings("default")
def test_a_notebook_runs(name, tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    book = nbformat.read(ROOT / "examples" / "notebooks" / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = [out for cell in book.cells if cell.cell_type == "code" for out in cell.outputs]
    assert any("text/html" in out.get("data", {}) or "text" in out for out in shown)


def test_the_page_of_the_schema_file_names_every_field_with_its_meaning():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "_pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    text = (ROOT / "docs" / "schema-file.md").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "schemas" / "relsynth.schema.json").read_text(encoding="utf-8"))
    parts = [schema, *(schema["$defs"][name] for name in ("table", "column", "foreign_key"))]
    for name in (name for part in parts for name in part["properties"]):
        (row, *_) = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
        assert len(row.split("|")[3].strip()) > 5, row
    assert text == pages.schema_page(), "run: python docs/_pages.py"
