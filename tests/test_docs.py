"""The Python of the README and the docs runs as it stands, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import relsynth as rs

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def shop():
    metadata = rs.Metadata.load(ROOT / "schemas" / "shop.json")
    real, synthetic, unseen = (
        rs.generate(metadata, rows={"customers": 250}, seed=seed) for seed in (1, 2, 3)
    )
    return {
        "metadata": metadata, "tables": real, "real": real, "synthetic": synthetic,
        "unseen": unseen, "frame": real["customers"], "rs": rs, "pytest": pytest,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page, shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    rs.write_tables(shop["tables"], tmp_path / "folder")
    known = dict(shop)
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, page.name, "exec", dont_inherit=True), known)  # noqa: S102


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_named_files_exist(page):
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)]
    named = re.findall(r"`((?:benchmarks|docs|examples|schemas|tests)/[\w/.]+)", text)
    missing = [link for link in links if link and not (page.parent / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []
