"""Who is protected, what that costs, and what is kept as it is."""

import dataclasses
import zipfile

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.blur import blurred
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders, find_holders

STATES = ["paid", "open", "sent"]
TIMES = (1, 60)


def people(n=300, canary="Qz rare illness", seed=0):
    """Return persons of whom one has an illness of their own."""
    rng = np.random.default_rng(seed)
    illness = rng.choice(["flu", "cold", "none"], n).astype(object)
    illness[5] = canary
    return pd.DataFrame({"id": range(n), "illness": illness, "z": rng.normal(size=n)})


def visits(times, parent="patient", n=120):
    """Return patients and their visits, one of whom repeats a word and an amount of their own."""
    rng = np.random.default_rng(1)
    rows = 1_200
    visit = pd.DataFrame(
        {
            f"{parent}_id": np.sort(rng.integers(0, n, rows)),
            "word": rng.choice(["bread", "milk", "tea"], rows).astype(object),
        }
    )
    own = pd.DataFrame({f"{parent}_id": [7] * times, "word": ["qzcanary"] * times})
    visit = pd.concat([visit, own], ignore_index=True)
    visit["v"] = rng.normal(size=len(visit)).round(3)
    return {parent: pd.DataFrame({"id": range(n), "x": rng.normal(size=n)}), "visit": visit}


class TestFinding:
    @pytest.mark.parametrize(
        "name",
        ["customers", "tbl_person", "Mitarbeiter", "clientes", "shop", "клиенты", "客户表"],
    )
    def test_by_the_name_of_the_table(self, name):
        metadata = rs.Metadata([table(name, {"id": "key", "x": "numeric"}, "id")])
        assert list(metadata.subjects) == [name]

    @pytest.mark.parametrize("column", ["first_name", "dateOfBirth", "ssn", "Nachname"])
    def test_by_columns_that_tell_who_somebody_is(self, column):
        metadata = rs.Metadata([table("kyc", {"id": "key", column: "categorical"}, "id")])
        assert column in metadata.subjects["kyc"]

    def test_rows_of_somebody_else_are_no_subjects_for_a_phone_number(self):
        tables = [
            table("customer", {"id": "key"}, "id"),
            table("orders", {"id": "key", "customer_id": "key", "phone": "text"}, "id"),
        ]
        metadata = rs.Metadata(tables, [link("orders", "customer_id", "customer")])
        assert list(metadata.subjects) == ["customer"]

    def test_a_link_between_subjects_and_something_else_is_none(self):
        metadata = rs.Metadata(
            [
                table("actor", {"id": "key"}, "id"),
                table("film_actor", {"actor_id": "key", "film": "key"}),
            ],
            [link("film_actor", "actor_id", "actor")],
        )
        assert list(metadata.subjects) == ["actor"]

    def test_none_is_said_loudly_and_never_guessed_from_sizes(self):
        rng = np.random.default_rng(0)
        tables = {"reading": pd.DataFrame({"id": range(400), "v": rng.normal(size=400)})}
        metadata = rs.Metadata.detect(tables)
        assert metadata.subjects == {}
        assert "NOBODY IS PROTECTED" in str(metadata.plan(tables))

    def test_the_role_in_the_schema_and_the_argument_go_first(self):
        made = [table(name, {"id": "key", "x": "numeric"}, "id") for name in ("device", "customer")]
        metadata = rs.Metadata(made)
        assert list(metadata.plan(subjects=["device"]).subjects) == ["device"]
        said = metadata.replace_table("device", role="subject")
        assert list(rs.Metadata.from_dict(said.to_dict()).subjects) == ["device"]
        with pytest.raises(rs.SchemaError, match="did you mean 'device'"):
            metadata.plan(subjects=["devise"])


class TestRareLevels:
    @pytest.mark.parametrize("kind", ["object", "category", "unused level", "ordered"])
    def test_a_level_of_one_person_is_nowhere(self, kind, tmp_path):
        frame = people()
        if kind == "unused level":
            frame["illness"] = pd.Categorical(
                frame["illness"].where(frame["illness"] != "Qz rare illness", "flu"),
                ["flu", "cold", "none", "Qz rare illness"],
            )
        elif kind == "ordered":
            levels = ["none", "cold", "flu", "Qz rare illness"]
            frame["illness"] = pd.Categorical(frame["illness"], levels, ordered=True)
        else:
            frame["illness"] = frame["illness"].astype(kind)
        tables = {"person": frame}
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        fake = synthesizer.sample(scale=3)["person"]["illness"]
        assert set(fake.dropna()) <= {"flu", "cold", "none"}
        assert "Qz rare illness" not in list(getattr(fake.dtype, "categories", []))
        synthesizer.save(tmp_path / "m.relsynth")
        with zipfile.ZipFile(tmp_path / "m.relsynth") as file:
            assert not any(b"Qz rare" in file.read(name) for name in file.namelist())

    @pytest.mark.parametrize("times", TIMES)
    def test_a_word_of_one_family_never_comes_out(self, times):
        tables = visits(times)
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        for seed in range(3):
            assert "qzcanary" not in set(synthesizer.sample(seed=seed)["visit"]["word"])

    def test_rows_of_nobody_keep_their_levels(self):
        tables = visits(60, parent="machine")
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        assert "qzcanary" in set(synthesizer.sample(seed=0)["visit"]["word"])

    def test_labels_of_nobody_come_out_as_they_are_and_prose_does_not(self):
        np.random.default_rng(0)
        titles = [
            f"Grand Prix of {a}{b}" for a in "ABCDEFGHIJKLMNOP" for b in ("land", "stan", "ia")
        ]
        prose = [
            f"{title} was won in the rain by number {n} after a long fight, " * 2
            for n, title in enumerate(titles)
        ]
        race = pd.DataFrame({"id": range(48), "title": titles, "story": prose})
        metadata = rs.Metadata(
            [table("race", {"id": "key", "title": "text", "story": "text"}, "id")]
        )
        fake = cart(metadata, {"race": race}).sample()["race"]
        assert sorted(fake["title"]) == sorted(titles)
        assert not set(fake["story"]) & set(prose)
        more = cart(metadata, {"race": race}).sample(scale=2)["race"]["title"]
        assert set(titles) <= set(more)
        assert more.is_unique
        person = rs.Metadata([table("person", {"id": "key", "title": "text"}, "id")])
        fake = cart(person, {"person": race[["id", "title"]]}).sample()["person"]
        assert not set(fake["title"]) & set(titles)

    def test_what_replaces_is_what_similar_rows_have(self):
        rng = np.random.default_rng(0)
        country = rng.choice(["DE", "FR"], 600)
        city = np.where(country == "DE", rng.choice(["Bonn", "Ulm"], 600), "Lyon").astype(object)
        city[np.flatnonzero(country == "DE")[:9]] = [f"Dorf {n}" for n in range(9)]
        tables = {"person": pd.DataFrame({"id": range(600), "country": country, "city": city})}
        fake = cart(rs.Metadata.detect(tables), tables).sample()["person"]
        assert set(zip(fake["country"], fake["city"], strict=True)) == {
            ("DE", "Bonn"),
            ("DE", "Ulm"),
            ("FR", "Lyon"),
        }

    def test_what_a_level_determines_goes_with_it(self):
        rng = np.random.default_rng(0)
        code = rng.choice(["a1", "a2", "b1"], 600).astype(object)
        code[:2] = "c9"
        kind = pd.Series(code).map({"a1": "Alpha", "a2": "Alpha", "b1": "Beta", "c9": "Gamma"})
        tables = {"person": pd.DataFrame({"id": range(600), "code": code, "kind": kind})}
        fake = cart(rs.Metadata.detect(tables), tables).sample()["person"]
        assert set(zip(fake["code"], fake["kind"], strict=True)) == {
            ("a1", "Alpha"),
            ("a2", "Alpha"),
            ("b1", "Beta"),
        }

    def test_a_combination_that_one_person_has_though_many_could(self):
        rng = np.random.default_rng(7)
        job = rng.choice(["nurse", "clerk", "cook"], 2_000)
        town = np.where(job == "cook", "Bonn", rng.choice(["Rome", "Oslo"], 2_000)).astype(object)
        job[11], town[11] = "nurse", "Bonn"
        tables = {"person": pd.DataFrame({"id": range(2_000), "job": job, "town": town})}
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        for seed in range(3):
            fake = synthesizer.sample(seed=seed)["person"]
            assert not ((fake["job"] == "nurse") & (fake["town"] == "Bonn")).any()

    @pytest.mark.parametrize("what", ["missing", "flag", "day", "number"])
    def test_a_level_with_something_else_that_one_person_has(self, what):
        rng = np.random.default_rng(2)
        n = 1_500
        town = rng.choice(["Rome", "Oslo", "Bonn"], n).astype(object)
        other = {
            "missing": pd.Series(np.where(rng.random(n) < 0.5, None, "yes"), dtype=object),
            "flag": pd.Series(rng.random(n) < 0.5),
            "day": pd.Series(rng.choice(np.array(["2024-01-01", "2024-02-02"], "M8[s]"), n)),
            "number": pd.Series(rng.choice([1.5, 2.5], n)),
        }[what]
        left, right = ("yes", None) if what == "missing" else sorted(other.unique())
        other[town == "Bonn"] = left
        other[np.flatnonzero(town == "Bonn")[0]] = right
        tables = {"person": pd.DataFrame({"id": range(n), "town": town, "other": other})}
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        for seed in range(3):
            fake = synthesizer.sample(seed=seed)["person"]
            found = fake["other"].isna() if right is None else fake["other"] == right
            assert not (found & (fake["town"] == "Bonn")).any()
            assert (found & (fake["town"] == "Rome")).sum() > 150

    def test_a_level_with_one_of_the_parent_that_one_person_has(self):
        rng = np.random.default_rng(4)
        town = rng.choice(["Rome", "Oslo", "Bonn"], 900).astype(object)
        key = np.sort(rng.integers(0, 900, 3_000))
        drink = np.where(town[key] == "Bonn", "tea", rng.choice(["tea", "gin"], 3_000))
        drink[key == np.flatnonzero(town == "Bonn")[3]] = "gin"
        people = pd.DataFrame({"id": range(900), "town": town})
        tables = {"person": people, "sale": pd.DataFrame({"person_id": key, "drink": drink})}
        synthesizer = cart(rs.Metadata.detect(tables), tables)
        for seed in range(3):
            fake = synthesizer.sample(seed=seed)
            sold = fake["sale"].merge(fake["person"], left_on="person_id", right_on="id")
            assert not ((sold["town"] == "Bonn") & (sold["drink"] == "gin")).any()

    def test_k_is_the_users(self):
        frame = people()
        frame.loc[10:13, "illness"] = "measles"
        tables = {"person": frame}
        for k, comes in ((4, True), (5, False)):
            synthesizer = cart(rs.Metadata.detect(tables), tables, k=k)
            assert ("measles" in set(synthesizer.sample(scale=5)["person"]["illness"])) == comes


class TestHolders:
    def test_every_path_counts_and_ends_at_the_first_subject(self):
        order_customer, order_staff = np.array([0, 0, 1, 1]), np.array([0, 1, 0, -1])
        keys = {
            "orders": (("customer", order_customer), ("staff", order_staff)),
            "lines": (("orders", np.array([0, 1, 2, 3, -1])),),
            "customer": (("shop", np.array([0, 0])),),
        }
        sizes = {"shop": 1, "customer": 2, "staff": 2, "orders": 4, "lines": 5}
        found = find_holders(keys, sizes, {"customer": "", "staff": "", "shop": ""}, k=2)
        assert [path.tolist() for path in found["lines"].paths] == [
            [0, 0, 1, 1, -1],
            [0, 1, 0, -1, -1],
        ]
        assert found["lines"].covered.tolist() == [True, True, True, True, False]
        assert found["customer"].paths[0].tolist() == [0, 1]
        # the first two rows are one customer's, the next two one clerk's and nobody's
        codes = np.array([0, 0, 1, 2, -1])
        assert found["lines"].rare(codes, 3).tolist() == [True, True, True]
        assert found["lines"].rare(np.array([0, 1, 0, 1, -1]), 2).tolist() == [True, False]

    def test_a_value_that_rows_of_nobody_have_is_not_rare(self):
        holders = Holders(3, (np.array([0, 1, -1]),), (2,))
        assert holders.rare(np.array([0, 1, 1]), 2).tolist() == [True, False]

    @pytest.mark.parametrize("n_branches", [1, 2, 3, 7])
    def test_few_subjects_need_to_share_what_they_all_can(self, n_branches):
        rng = np.random.default_rng(0)
        branches = pd.DataFrame({"id": list("abcdefghij")[:n_branches]})
        orders = pd.DataFrame(
            {
                "id": np.arange(1_000),
                "branch_id": rng.choice(branches["id"], 1_000),
                "state": rng.choice(STATES, 1_000, p=[0.6, 0.3, 0.1]),
            }
        )
        metadata = rs.Metadata(
            [
                table("branches", {"id": "key"}, "id"),
                table("orders", {"id": "key", "branch_id": "key", "state": "categorical"}, "id"),
            ],
            [link("orders", "branch_id", "branches")],
        )
        fake = cart(metadata, {"branches": branches, "orders": orders}).sample(seed=1)["orders"]
        assert set(fake["state"]) == set(STATES)
        shares = fake["state"].value_counts(normalize=True)
        assert shares["paid"] == pytest.approx(0.6, abs=0.05)


class TestReferenceTables:
    @pytest.fixture
    def tables(self):
        rng = np.random.default_rng(0)
        country = pd.DataFrame({"id": range(20), "name": [f"Land {n}" for n in range(20)]})
        person = pd.DataFrame({"id": range(300), "country_id": rng.integers(0, 20, 300)})
        return {"country": country, "person": person}

    def test_few_rows_that_many_refer_to_are_kept_with_a_reason(self, tables):
        metadata = rs.Metadata.detect(tables)
        synthesizer = cart(metadata, tables, keep="auto")
        assert synthesizer.plan_["country"].kept
        assert "300 rows refer to them" in str(synthesizer.plan_)
        pd.testing.assert_frame_equal(synthesizer.sample()["country"], tables["country"])

    @pytest.mark.parametrize("said", [{"keep": ()}, {"invent": ["country"]}, {"keep": ["person"]}])
    def test_the_user_goes_against_it(self, tables, said):
        metadata = rs.Metadata.detect(tables)
        if "person" in said.get("keep", ()):
            with pytest.raises(rs.SchemaError, match="keep 'country' as well"):
                metadata.plan(tables, **said)
            return
        assert not metadata.plan(tables, **said)["country"].kept

    def test_not_people_nor_what_belongs_to_them_nor_events(self, tables):
        tables["account"] = tables.pop("country")
        tables["person"] = tables["person"].rename(columns={"country_id": "account_id"})
        assert not rs.Metadata.detect(tables).plan(tables)["account"].kept
        days = pd.date_range("2020-01-01", periods=20)
        tables = {
            "race": pd.DataFrame(
                {"id": range(20), "name": [f"Race {n}" for n in range(20)], "held": days}
            ),
            "result": pd.DataFrame({"race_id": np.arange(300) % 20}),
        }
        assert not rs.Metadata.detect(tables).plan(tables)["race"].kept
        tables["race"] = tables["race"].rename(columns={"held": "created_at"})
        assert rs.Metadata.detect(tables).plan(tables)["race"].kept

    @pytest.mark.parametrize(
        ("labels", "kept"),
        [
            ("{street} Rd N{n:03d}", True),
            ("{street} via Town", True),
            ("{street}{n:03d}", False),
            ("ST-{n:04d}", False),
            ("ST-NYC-{n:05d}", False),
        ],
    )
    def test_a_label_is_words_beside_which_numbers_may_stand(self, labels, kept):
        streets = ["Oleander", "Wattle", "Varley", "Moresby"]
        stops = pd.DataFrame({"stop_id": range(40)})
        stops["stop_name"] = [
            labels.format(street=streets[n % 4] + "a" * n, n=n) for n in range(40)
        ]
        stops["lat"] = np.random.default_rng(0).normal(size=40)
        calls = pd.DataFrame({"call_id": range(400), "stop_id": np.arange(400) % 40})
        tables = {"stops": stops, "calls": calls}

        assert rs.Metadata.detect(tables).plan(tables)["stops"].kept == kept

    def test_some_rows_may_share_their_label(self):
        routes = pd.DataFrame({"route_id": [f"{n}-4" for n in range(110, 130)]})
        routes["name"] = [f"City to {'ABCDEFGHIJKLMNOP'[n % 16]}ham" for n in range(20)]
        trips = pd.DataFrame({"trip_id": range(400), "route_id": routes["route_id"].tolist() * 20})
        tables = {"routes": routes, "trips": trips}

        assert rs.Metadata.detect(tables).plan(tables)["routes"].kept

    def test_nothing_without_a_label(self):
        """Rows of numbers, or with codes, may be people whom no column betrays."""
        rng = np.random.default_rng(0)
        code = [f"LY-{n:05d}" for n in range(200)]
        tables = {
            "loyalty": pd.DataFrame({"id": range(200), "code": code, "pay": rng.random(200)}),
            "flight": pd.DataFrame({"loyalty_id": np.arange(3_000) % 200, "n": np.arange(3_000)}),
        }
        assert not rs.Metadata.detect(tables).plan(tables)["loyalty"].kept


class TestTreatments:
    def test_one_word_a_column(self):
        metadata = rs.Metadata(
            [
                table("country", {"id": "key", "name": "categorical"}, "id", role="reference"),
                table(
                    "person",
                    {
                        "id": "key",
                        "country_id": "key",
                        "mail": rs.metadata.Column("mail", "text", provider="email", pii=True),
                        "note": "text",
                        "age": "integer",
                    },
                    "id",
                ),
            ],
            [link("person", "country_id", "country")],
        )
        assert metadata.treatments == {
            "country": {"id": "keep", "name": "keep"},
            "person": {
                "id": "issue",
                "country_id": "inherit",
                "mail": "fake",
                "note": "form",
                "age": "learn",
            },
        }

    def test_the_schema_may_say_so(self):
        document = {
            "relsynth": 1,
            "tables": {
                "person": {
                    "columns": {
                        "city": {
                            "type": "text",
                            "treatment": "fake",
                            "provider": "city",
                            "locale": "de_DE",
                        }
                    }
                }
            },
        }
        metadata = rs.Metadata.from_dict(document)
        assert metadata.treatments == {"person": {"city": "fake"}}
        assert metadata.to_dict() == document
        document["tables"]["person"]["columns"]["city"]["treatment"] = "fakes"
        with pytest.raises(rs.SchemaError, match="did you mean 'fake'"):
            rs.Metadata.from_dict(document)

    def test_the_synthesizer_does_what_they_say(self):
        rng = np.random.default_rng(0)
        frame = people()
        frame["town"] = rng.choice(["Ulm", "Bonn"], 300)
        frame["note"] = [f"call {n} again" for n in rng.integers(0, 3, 300)]
        frame["secret"] = rng.integers(0, 9, 300)
        metadata = rs.Metadata.detect({"person": frame})
        said = {"illness": "keep", "town": "form", "note": "learn", "secret": "drop"}
        table = metadata.tables["person"]
        changed = {n: dataclasses.replace(table.columns[n], treatment=w) for n, w in said.items()}
        metadata = rs.Metadata([table.with_columns(changed)])
        synthesizer = cart(metadata, {"person": frame})
        fake = synthesizer.sample(scale=3)["person"]
        assert "secret" not in fake
        assert "Qz rare illness" in set(fake["illness"])
        assert not set(fake["town"]) & {"Ulm", "Bonn"}
        assert set(fake["note"]) == set(frame["note"])
        assert "keep: illness" in str(synthesizer.plan_)


@pytest.mark.parametrize("model", ["cart", "hvrt", "gaussian_copula"])
@pytest.mark.parametrize("times", [5, 60])
def test_an_amount_that_one_person_repeats_comes_out_of_no_model(model, times):
    tables = visits(times)
    tables["visit"]["v"] = np.random.default_rng(2).gamma(2, 1500, len(tables["visit"])).round(2)
    tables["visit"].loc[tables["visit"]["word"] == "qzcanary", "v"] = 4242.42
    synthesizer = cart(rs.Metadata.detect(tables), tables, model=model)
    assert not any(
        (synthesizer.sample(seed=seed)["visit"]["v"] == 4242.42).any() for seed in (1, 2)
    )


class TestBlur:
    def test_what_enough_subjects_have_stays_and_the_rest_moves_a_little(self):
        rng = np.random.default_rng(0)
        values = np.where(np.arange(600) % 3 == 0, 10.0, rng.normal(0, 100, 600).round(2))
        rows = Matrix(("v",), ("number",), values[:, None])
        moved = blurred(rows, Holders.rows(600, 5), 0)["v"]
        assert (moved[values == 10.0] == 10.0).all()
        rare = values != 10.0
        assert np.isin(moved[rare], values[rare]).mean() < 0.02
        assert np.allclose(moved, moved.round(2))
        assert np.abs(np.sort(moved)[30:-30] - np.sort(values)[30:-30]).max() < 25
        assert moved.max() < np.sort(values)[-4]

    def test_a_subject_goes_on_repeating_its_own_value(self):
        values = np.r_[np.full(60, 42.0), np.arange(0, 400, 2) + 0.5]
        subjects = np.r_[np.zeros(60, int), np.arange(1, 201)]
        rows = Matrix(("v",), ("number",), values[:, None])
        moved = blurred(rows, Holders(260, (subjects,), (5,)), 0)["v"]
        assert len(set(moved[:60])) == 1
        assert moved[0] != 42.0
        assert abs(moved[0] - 42.0) < 30

    def test_too_few_take_the_next_common_value(self):
        values = np.r_[np.full(50, 1.0), np.full(50, 9.0), 8.0]
        rows = Matrix(("v",), ("number",), values[:, None])
        assert blurred(rows, Holders.rows(101), 0)["v"][-1] == 9.0


def test_numbers_that_are_to_be_kept_are_not_moved():
    rng = np.random.default_rng(0)
    staff = pd.DataFrame({"id": range(200), "pay": rng.permutation(np.arange(200) ** 2 + 1_000.0)})
    staff.loc[3, "pay"] = 90_000.0
    metadata = rs.Metadata.detect({"staff": staff})
    highest = {}
    for treatment in ("learn", "keep"):
        said = metadata.set("staff", "pay", treatment=treatment)
        drawn = cart(said, {"staff": staff}).sample(scale=5)["staff"]
        highest[treatment] = drawn["pay"].max()
    assert highest["learn"] < 45_000 < 60_000 < highest["keep"]


def test_a_number_in_a_text_of_few_subjects_is_nobodys():
    """Between the second and the second last of three there is one, whose number it is."""
    phones = ["(503) 555-9831", "(503) 555-3199", "(503) 555-9931"]
    firms = pd.DataFrame({"id": range(3), "company": ["Ax", "Bolt", "Cog"], "phone": phones})
    metadata = rs.Metadata.detect({"firms": firms})
    drawn = [rs.RelationalSynthesizer(metadata, seed=seed).fit({"firms": firms}).sample()
             for seed in range(5)]  # fmt: skip
    texts = pd.concat([one["firms"]["phone"] for one in drawn])
    assert not texts.isin(phones).any()
    assert texts.str.fullmatch(r"\(503\) 555-\d{4}").all()


def test_how_often_a_level_came_by_chance_is_not_learned():
    """Who was asked decides how often a district comes of which all are equally likely."""
    rng = np.random.default_rng(4)
    n, n_levels = 2_000, 100
    zipf = 1 / np.arange(1, 31)
    patients = pd.DataFrame(
        {
            "id": range(n),
            "district": [f"D{code}" for code in rng.integers(n_levels, size=n)],
            "origin": [f"O{code}" for code in rng.choice(30, n, p=zipf / zipf.sum())],
        }
    )
    metadata = rs.Metadata.detect({"patients": patients})
    drawn = cart(metadata, {"patients": patients}).sample(scale=10)["patients"]
    spread = {
        name: [frame[name].value_counts(normalize=True) for frame in (patients, drawn)]
        for name in ("district", "origin")
    }
    real, fake = spread["district"]
    assert fake.var() < 0.6 * real.var()
    real, fake = spread["origin"]
    assert (fake - real).abs().max() < 0.03


def test_which_numbers_of_a_list_nobody_has_is_not_learned():
    rng = np.random.default_rng(0)
    homes = pd.DataFrame({"id": range(900), "district": rng.integers(0, 200, 900)})
    metadata = rs.Metadata([table("household", {"id": "key", "district": "categorical"}, "id")])
    fake = cart(metadata, {"household": homes}).sample(scale=4, seed=1)["household"]
    counts = homes["district"].value_counts()
    rare = set(range(200)) - set(counts.index[counts >= 3])
    assert len(rare) > 20
    assert fake["district"].between(0, 199).all()
    assert len(rare & set(fake["district"])) > 0.8 * len(rare)
    homes.loc[5, "district"] = 4_711  # one number far from a list is somebody's
    fake = cart(metadata, {"household": homes}).sample(scale=4, seed=1)["household"]
    assert not (fake["district"] == 4_711).any()
