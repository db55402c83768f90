"""Real databases go through one command unattended and come back without a fault."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from relsynth.cli import main

DATA = os.environ.get("RELSYNTH_DATA")
DATABASES = ("walmart", "northwind", "sakila_pagila", "chinook")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="RELSYNTH_DATA names no folder of databases"),
]


@pytest.mark.parametrize("name", DATABASES)
def test_a_real_database_comes_back_without_a_fault(name, tmp_path, capsys, monkeypatch):
    source = Path(str(DATA)) / name
    arguments = [str(source), "-o", str(tmp_path / "out"), "--orphans", "null", "--json"]
    monkeypatch.setattr("sys.argv", ["relsynth", "synth", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    told = json.loads(capsys.readouterr().out)
    found = told["scores"]["validity"]["found"]
    assert told["scores"]["validity"]["validity"] == 0, found
    assert stop.value.code == 0
    assert any((tmp_path / "out").iterdir())
