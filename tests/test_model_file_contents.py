"""A model file holds nothing that fewer than k subjects have, whichever model wrote it."""

import zipfile

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.audit.contents import contents

CANARIES = {"income": 987_654.321, "cost": 4_242.424, "code": 193_456_782}
N, VISITS = 300, 2_400


@pytest.fixture(scope="module")
def hospital():
    """Return patients and visits; one patient has values of every kind that nobody else has."""
    rng = np.random.default_rng(0)
    patients = pd.DataFrame(
        {
            "id": range(N),
            "first_name": [f"Name{n:04d}" for n in range(N)],
            "illness": rng.choice(["flu", "cold", "none"], N).astype(object),
            "income": rng.gamma(2, 21_345.67, N).round(2),
            "born": pd.to_datetime("1940-01-01") + pd.to_timedelta(rng.integers(0, 2**31, N), "s"),
            "plan": pd.Categorical(rng.choice(["a", "b"], N), categories=["a", "b", "qzplan"]),
            "memo": [f"told {n} of case {rng.integers(10**8, 10**9)}" for n in range(N)],
        }
    )
    patients.loc[5, ["illness", "plan"]] = ["qzillness", "qzplan"]
    patients.loc[5, "income"] = CANARIES["income"]
    visits = pd.DataFrame(
        {
            "patient_id": np.sort(rng.integers(0, N, VISITS)),
            "at": pd.to_datetime("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 10**8, VISITS), "s"),
            "cost": rng.gamma(2, 123.456, VISITS).round(3),
            "ward": rng.choice(["x", "y", "z"], VISITS).astype(object),
            "code": rng.integers(10**5, 10**9, VISITS),
        }
    )
    own = visits["patient_id"] == 7  # repeats its values in every visit
    visits.loc[own, ["cost", "code", "ward"]] = [CANARIES["cost"], CANARIES["code"], "qzward"]
    return {"patients": patients, "visits": visits}


@pytest.mark.parametrize("model", ["cart", "hvrt", "gaussian_copula"])
def test_no_value_of_one_subject_is_in_the_file(hospital, model, tmp_path):
    metadata, path = rs.Metadata.detect(hospital), tmp_path / "m.relsynth"
    rs.RelationalSynthesizer(metadata, model=model, seed=0).fit(hospital).save(path)
    with zipfile.ZipFile(path) as file:
        raw = b"".join(file.read(name) for name in file.namelist())
    for word in (b"qzplan", b"qzillness", b"qzward", b"of case 1"):
        assert word not in raw
    for value in CANARIES.values():
        assert np.float64(value).tobytes() not in raw
        assert np.float32(value).tobytes() not in raw
        assert repr(value).encode() not in raw
    found = contents(path, hospital, metadata)["columns"]
    held = {(t, c): one["held"] for t, columns in found.items() for c, one in columns.items()}
    assert {"income", "born", "memo", "cost", "at"} <= {column for _, column in held}
    assert max(held.values()) <= 0.02  # the ends of ranges, and what is met by chance


def test_ends_of_ranges_and_quantiles_are_nobodys_numbers(tmp_path):
    rng = np.random.default_rng(7)
    staff = pd.DataFrame(
        {
            "employee_id": range(200),
            "salary": rng.gamma(4, 900, 200).round(2),
            "phone": [f"{n}" for n in rng.integers(2 * 10**9, 9 * 10**9, 200)],
        }
    )
    synth = rs.RelationalSynthesizer(rs.Metadata.detect({"employee": staff}), seed=0)
    rows = synth.fit({"employee": staff}).sample(scale=5)["employee"]
    assert rows["salary"].isin(staff["salary"]).mean() < 0.005
    assert not {rows["salary"].min(), rows["salary"].max()} & set(staff["salary"])
    synth.save(tmp_path / "m.relsynth")
    with zipfile.ZipFile(tmp_path / "m.relsynth") as archive:
        state = archive.read("state.json").decode()
    assert not any(phone in state for phone in staff["phone"])


@pytest.mark.parametrize("model", ["cart", "hvrt", "gaussian_copula"])
def test_what_one_family_repeats_below_its_children_is_nowhere(model, tmp_path):
    """A date, a number of a scale and a code with a label, in all sixty rows of one person."""
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"id": range(200), "x": rng.normal(size=200)})
    own = np.sort(rng.integers(0, 200, 500))
    own = np.sort(np.r_[own[own != 7], [7] * 10])
    visits = pd.DataFrame({"id": range(len(own)), "person_id": own})
    visit = np.sort(np.r_[rng.integers(0, len(own), 900), np.repeat(np.flatnonzero(own == 7), 6)])
    code = rng.choice([10_500, 21_000, 31_500], len(visit))
    rows = {
        "visit_id": visit,
        "day": rng.choice(
            np.array(["2028-01-01", "2029-01-01", "2030-01-01"], "M8[s]"), len(visit)
        ),
        "grade": rng.choice([1.5, 2.5, 4.5], len(visit)),
        "code": code,
        "label": np.array(["one", "two", "three"])[code // 10_500 - 1],
    }
    items = pd.DataFrame(rows)
    his = np.flatnonzero(own[visit] == 7)
    items.loc[his, "day"] = pd.Timestamp("2029-09-09")
    items.loc[his, "grade"] = 3.125
    items.loc[his, "code"] = 27_137
    tables = {"person": people, "visit": visits, "item": items}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), model=model, seed=0).fit(tables)
    for seed in range(3):
        made = synth.sample(seed=seed)["item"]
        assert not (made["day"] == pd.Timestamp("2029-09-09")).any()
        assert not made["grade"].eq(3.125).any()
        assert not made["code"].eq(27_137).any()
    synth.save(tmp_path / "m")
    with zipfile.ZipFile(tmp_path / "m") as file:
        raw = b"".join(file.read(name) for name in file.namelist())
    for value in (3.125, 27_137.0, pd.Timestamp("2029-09-09").timestamp()):
        assert np.float64(value).tobytes() not in raw, value
