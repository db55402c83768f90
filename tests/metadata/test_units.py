"""Branches and schools are where people are, not who they are: kept, but for who works there."""

import numpy as np
import pandas as pd
import pytest
from faker import Faker
from small_databases import link, table

import relsynth as rs
from relsynth.schema import ForeignKey


def library(seed=0):
    """Return branches with a manager and a telephone, and the members of each."""
    rng, faker = np.random.default_rng(seed), Faker("de_DE")
    faker.seed_instance(seed)
    n = 150
    members = pd.DataFrame(
        {
            "mitglied_id": range(n),
            "vorname": [faker.first_name() for _ in range(n)],
            "nachname": [faker.last_name() for _ in range(n)],
            "filiale_id": rng.integers(1, 5, n),
        }
    )
    branches = pd.DataFrame(
        {
            "filiale_id": range(1, 5),
            "name": ["Zentrale", "Nordstadt", "Am Markt", "Uferweg"],
            "leitung": ["Petra Müller", "Hans Weber", "Klaus Schmitz", "Karin Wagner"],
            "plz": ["48143", "48155", "48149", "48167"],
            "telefon": ["0251 1234", "0251 4321", "0251 2244", "0251 9917"],
        }
    )
    return {"filialen": branches, "mitglieder": members}


@pytest.fixture(scope="module")
def pair():
    real = library()
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(real), seed=0).fit(real)
    return real["filialen"], synth.sample(seed=1)["filialen"], synth


def test_units_are_kept_beside_people(pair):
    real, fake, synth = pair
    assert list(synth.plan_.subjects) == ["mitglieder"]
    assert fake[["name", "plz"]].equals(real[["name", "plz"]])


@pytest.mark.parametrize("column", ["leitung", "telefon"])
def test_who_works_there_and_the_telephone_are_replaced(pair, column):
    real, fake, synth = pair
    assert not set(real[column]) & set(fake[column])
    assert synth.plan_.treatments["filialen"][column] == "fake"


def test_the_replaced_are_not_in_the_model_file(pair, tmp_path):
    real, _, synth = pair
    synth.save(tmp_path / "model.rsz")
    again = rs.RelationalSynthesizer.load(tmp_path / "model.rsz").sample(seed=1)["filialen"]
    assert not set(real["leitung"]) & set(again["leitung"])


def test_a_department_does_not_belong_to_the_employee_who_leads_it():
    rng = np.random.default_rng(0)
    names = ["Sales", "Finance", "Legal", "Research", "Support", "Logistics"]
    leads = rng.choice(120, 6, replace=False)
    departments = pd.DataFrame({"department_id": range(6), "name": names, "manager_id": leads})
    employees = pd.DataFrame({"employee_id": range(120), "department_id": rng.integers(0, 6, 120)})
    tables = {"departments": departments, "employees": employees}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    assert set(synth.sample(seed=1)["departments"]["name"]) == set(names)


class TestSubjects:
    def test_units_are_subjects_only_where_nobody_else_is(self):
        shop = table("shop", {"id": "key", "size": "numeric"}, "id")
        guest = table("guest", {"id": "key", "shop_id": "key"}, "id")
        assert list(rs.Metadata([shop]).subjects) == ["shop"]
        both = rs.Metadata([shop, guest], [link("guest", "shop_id", "shop")])
        assert list(both.subjects) == ["guest"]

    @pytest.mark.parametrize("name", ["schools", "Abteilungen", "agenzie", "oddziały", "支店"])
    def test_a_telephone_makes_no_unit_a_person(self, name):
        metadata = rs.Metadata([table(name, {"id": "key", "phone": "text"}, "id")])
        assert metadata.subjects == {}

    def test_where_customers_are_is_about_customers(self):
        tables = [
            table("customers", {"id": "key"}, "id"),
            table("customer_locations", {"id": "key", "customer_id": "key"}, "id"),
        ]
        metadata = rs.Metadata(tables, [link("customer_locations", "customer_id", "customers")])
        assert list(metadata.subjects) == ["customers"]

    def test_a_key_to_a_person_is_no_identity_of_its_own(self):
        tables = [
            table("citizens", {"pesel": "key"}, "pesel"),
            table("applications", {"id": "key", "pesel": "key"}, "id"),
        ]
        key = ForeignKey("applications", ("pesel",), "citizens", ("pesel",))
        metadata = rs.Metadata(tables, [key])
        assert list(metadata.subjects) == ["citizens"]

    def test_the_author_is_not_the_book(self):
        faker = Faker("en_GB")
        faker.seed_instance(1)
        n = 80
        books = pd.DataFrame(
            {
                "book_id": range(n),
                "written_by": [f"{faker.first_name()} {faker.last_name()}" for _ in range(n)],
            }
        )
        metadata = rs.Metadata.detect({"books": books})
        assert metadata.tables["books"].columns["written_by"].pii
        assert metadata.subjects == {}


def test_rows_below_others_count_for_a_reference_table():
    rng = np.random.default_rng(0)
    tables = {
        "faculty": pd.DataFrame({"faculty_id": [1, 2, 3], "name": ["Science", "Arts", "Law"]}),
        "program": pd.DataFrame({"program_id": range(7), "faculty_id": [1, 1, 1, 2, 2, 3, 3]}),
        "student": pd.DataFrame({"student_id": range(200), "program_id": rng.integers(0, 7, 200)}),
    }
    assert rs.Metadata.detect(tables).plan(tables)["faculty"].kept


def test_a_key_is_known_by_the_table_that_repeats_it_in_any_language():
    rng = np.random.default_rng(0)
    carriers = pd.DataFrame(
        {"scac": ["MAEU", "MSCU", "CMDU"], "carrier": ["Maersk", "MSC", "CMA CGM"]}
    )
    loads = pd.DataFrame({"id": range(90), "scac": rng.choice(carriers["scac"], 90)})
    metadata = rs.Metadata.detect({"carriers": carriers, "loads": loads})
    assert metadata.tables["carriers"].primary_key == ("scac",)
    assert [key.parent for key in metadata.parents_of("loads")] == ["carriers"]
    staff = pd.DataFrame({"员工编号": range(1_001, 1_091), "城市": rng.choice([*"甲乙丙"], 90)})
    days = pd.DataFrame({"员工编号": rng.choice(staff["员工编号"], 400), "天": range(400)})
    metadata = rs.Metadata.detect({"员工": staff, "考勤": days})
    assert [key.columns for key in metadata.parents_of("考勤")] == [("员工编号",)]


def test_a_list_in_which_one_person_is_with_each_row_is_not_kept():
    cities = pd.DataFrame({"city_id": range(90), "city": [f"Town{a}ia" for a in range(90)]})
    homes = pd.DataFrame({"address_id": range(90), "city_id": range(90)})
    rng = np.random.default_rng(0)
    customers = pd.DataFrame({"customer_id": range(90), "address_id": range(90)})
    sales = pd.DataFrame({"sale_id": range(900), "customer_id": rng.integers(0, 90, 900)})
    tables = {"city": cities, "address": homes, "customer": customers, "sale": sales}
    plan = rs.Metadata.detect(tables).plan(tables)
    assert "customer" in plan.subjects
    assert not plan["city"].kept


def test_bands_that_follow_each_other_are_a_reference_table():
    rng = np.random.default_rng(1)
    grade = pd.DataFrame({"grade": [1, 2, 3, 4], "low": [700, 1201, 1401, 2001]})
    grade["high"] = [1200, 1400, 2000, 9999]
    of = rng.integers(0, 4, 200)
    salary = rng.integers(grade["low"].to_numpy()[of], grade["high"].to_numpy()[of] + 1)
    emp = pd.DataFrame({"empno": range(200), "grade": of + 1, "sal": salary})
    tables = {"salgrade": grade, "emp": emp}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample(scale=2)
    pd.testing.assert_frame_equal(made["salgrade"], grade)
    joined = made["emp"].merge(grade, on="grade")
    assert joined["sal"].between(joined["low"], joined["high"]).mean() > 0.99
    mixed = {**tables, "salgrade": grade.assign(high=grade["high"].to_numpy()[::-1])}
    other = rs.RelationalSynthesizer(rs.Metadata.detect(mixed), seed=0).fit(mixed).sample()
    assert not other["salgrade"].equals(mixed["salgrade"])
