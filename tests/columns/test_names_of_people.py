"""Names of people by their look and country, and codes that are no words."""

import numpy as np
import pandas as pd
import pytest
from faker import Faker

import relsynth as rs
from relsynth.columns.providers import provided, towns_of
from relsynth.metadata.people_names import are_people, country_of_names
from relsynth.schema.hints import hint_of


def names(locale, count=120, *, seed=0):
    faker = Faker(locale)
    faker.seed_instance(seed)
    return [(faker.first_name(), faker.last_name()) for _ in range(count)]


def sampled(frame, table):
    tables = {table: frame}
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, seed=0).fit(tables).sample(seed=1)[table]


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "it_IT", "nl_NL", "en_IN", "ru_RU", "ar_SA"])
def test_full_names_are_known_by_their_look(locale):
    assert are_people([f"{first} {last}" for first, last in names(locale)])
    assert are_people([f"{last}, {first}" for first, last in names(locale)])


@pytest.mark.parametrize("kind", ["city", "company", "job", "catch_phrase", "street_name"])
def test_other_texts_are_not(kind):
    faker = Faker("en_US")
    faker.seed_instance(0)
    assert not are_people([getattr(faker, kind)() for _ in range(120)])


def test_names_of_people_never_come_out_whatever_the_column_is_called():
    full = [f"{first} {last}" for first, last in names("en_US", 40)]
    frame = pd.DataFrame({"site_id": range(40), "run_by": full, "size": np.arange(40) % 7})
    assert not set(sampled(frame, "plots")["run_by"]) & set(full)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("nl_NL", "nl_NL"), ("en_IN", "en_IN"), ("pl_PL", "pl_PL"), ("en_US", "en_US")],
)
def test_the_country_of_names(locale, expected):
    assert country_of_names([text for pair in names(locale) for text in pair]) == expected


def test_names_places_and_firms_are_those_of_the_country_of_the_people():
    people = names("nl_NL")
    frame = pd.DataFrame(
        {
            "naam": [f"{first} {last}" for first, last in people],
            "plaats": [Faker("nl_NL").city() for _ in people],
        }
    )
    fake = sampled(frame, "clients")
    known = {word for text in provided("name", "nl_NL") for word in text.split()}
    assert fake["naam"].map(lambda text: text.split()[0] in known).mean() > 0.9
    assert fake["plaats"].isin(provided("city", "nl_NL")).mean() > 0.5


def test_a_plain_name_beside_a_last_name_is_the_first():
    people = names("it_IT")
    frame = pd.DataFrame(
        {"nome": [one for one, _ in people], "cognome": [other for _, other in people]}
    )
    metadata = rs.Metadata.detect({"iscritti": frame})
    columns = metadata.tables["iscritti"].columns
    assert (columns["nome"].provider, columns["cognome"].provider) == ("first_name", "last_name")
    assert sampled(frame, "iscritti")["nome"].isin(provided("first_name", "it_IT")).mean() > 0.9


def test_invented_names_have_no_titles():
    titles = {"Dr.", "Mr.", "Mrs.", "Miss", "Ms.", "MD", "PhD", "DDS", "II"}
    assert not any(titles & set(name.split()) for name in provided("name", "en_US"))


def test_capitals_of_one_length_are_a_code():
    rng = np.random.default_rng(0)
    letters = np.array([*"ABCDEFGHJKLMNPRST"])
    codes = [f"{''.join(rng.choice(letters, 5))}{n}Z" for n in rng.integers(1000, 9999, 200)]
    frame = pd.DataFrame({"id": range(200), "pan": codes})
    assert sampled(frame, "taxpayers")["pan"].str.fullmatch(r"[A-Z]{5}\d{4}Z").all()


def test_words_are_glued_where_the_language_glues_them():
    assert hint_of("denominazione") is None
    assert hint_of("Lieferstrasse").meaning == "street_address"


def test_people_of_one_first_name_have_different_last_names():
    rng = np.random.default_rng(0)
    people = names("es_ES", 400)
    given = rng.choice(["José", "Ana", "Luis", "Carmen", "Pablo"], 400)
    frame = pd.DataFrame(
        {"id": range(400), "nombre": given, "apellidos": [last for _, last in people]}
    )
    fake = sampled(frame, "clientes")
    assert fake.duplicated(["nombre", "apellidos"]).mean() < 0.1


def test_a_name_in_spanish_makes_no_product_a_person():
    frame = pd.DataFrame({"producto_id": range(60), "nombre": [f"Silla {n}" for n in range(60)]})
    assert rs.Metadata.detect({"productos": frame}).subjects == {}


def test_two_people_of_a_row_are_two():
    people, others = names("en_GB", 700), names("en_GB", 700, seed=1)
    frame = pd.DataFrame(
        {
            "id": range(700),
            "claimant": [" ".join(pair) for pair in people],
            "defendant": [" ".join(pair) for pair in others],
        }
    )
    fake = sampled(frame, "lawsuits")
    assert (fake["claimant"] != fake["defendant"]).mean() > 0.95
    assert not fake[["claimant", "defendant"]].stack().str.contains(r"\d").any()


@pytest.mark.parametrize(
    ("write", "pattern"),
    [
        (lambda first, last: f"{last.upper()} {first}", r"[^a-z]{2,} [A-ZÉÈÎÀÔ][\w-]+( \w+)*"),
        (lambda first, last: f"{last}, {first}", r"[^,]+, [^,]+"),
    ],
)
def test_names_are_put_together_as_the_real_ones(write, pattern):
    frame = pd.DataFrame(
        {"id": range(200), "patient": [write(*pair) for pair in names("fr_FR", 200)]}
    )
    assert sampled(frame, "visites")["patient"].str.fullmatch(pattern).mean() > 0.95


def test_the_family_name_comes_first_where_it_does():
    frame = pd.DataFrame(
        {"员工编号": range(90), "姓名": [Faker("zh_CN").name() for _ in range(90)]}
    )
    fake = sampled(frame, "员工")["姓名"]
    last = tuple(provided("last_name", "zh_CN"))
    assert fake.str.startswith(last).all()
    assert not fake.str.contains(" ").any()


@pytest.mark.parametrize("kind", ["company", "name", "word"])
def test_names_as_keys_are_names(kind):
    faker = Faker("de_DE")
    faker.seed_instance(2)
    real = list(dict.fromkeys(getattr(faker, kind)() for _ in range(150)))
    column = {"company": "Kunde", "name": "Mitglied", "word": "Begriff"}[kind]
    rng = np.random.default_rng(0)
    tables = {
        "parents": pd.DataFrame({column: real, "size": rng.integers(0, 9, len(real))}),
        "children": pd.DataFrame({"id": range(400), column: rng.choice(real, 400)}),
    }
    metadata = rs.Metadata.detect(tables)
    assert metadata.tables["parents"].primary_key == (column,)
    fake = rs.RelationalSynthesizer(metadata, seed=0).fit(tables).sample(seed=1)["parents"]
    known = {word for one in ("first_name", "last_name", "company", "word")
             for text in provided(one, "de_DE") for word in text.lower().split()}  # fmt: skip
    parts = fake[column].str.lower().str.split()
    assert parts.map(lambda words: known.issuperset(words)).mean() > 0.9
    assert fake[column].is_unique


def test_both_last_names_in_spanish_are_such():
    assert hint_of("apellido_paterno").meaning == hint_of("Apellido Materno").meaning == "last_name"
    assert hint_of("strasse_hausnr").meaning == "street_address"


def test_cities_that_few_share_lie_in_the_country_of_their_row():
    rng = np.random.default_rng(11)
    land = rng.choice(["France", "Italy"], 200)
    real = {"France": Faker("fr_FR"), "Italy": Faker("it_IT")}
    frame = pd.DataFrame(
        {
            "customer_id": range(200),
            "name": [f"{first} {last}" for first, last in names("en_US", 200)],
            "city": [real[country].city() for country in land],
            "country": land,
        }
    )
    fake = sampled(frame, "customers")
    known = {
        country: {*provided("city", f.locales[0]), *towns_of(f.locales[0])}
        for country, f in real.items()
    }
    invented = fake[~fake["city"].isin(frame["city"])]
    assert len(invented) > 100
    assert all(c in known[at] for c, at in zip(invented["city"], invented["country"], strict=True))


def test_people_of_one_name_have_addresses_of_their_own():
    people = names("ja_JP", 400)
    frame = pd.DataFrame(people, columns=["first_name", "last_name"])
    frame = frame.assign(user_id=range(400), email=[f"u{n}@mail.test" for n in range(400)])
    fake = sampled(frame, "users")
    assert fake.duplicated(["first_name", "last_name"]).any()
    assert fake["email"].is_unique


def test_first_names_come_again_and_are_not_doubled():
    faker = Faker("en_US")
    faker.seed_instance(1)
    first = [faker.first_name() for _ in range(1200)]
    frame = pd.DataFrame({"staff_id": range(1200), "first_name": first, "size": range(1200)})
    fake = sampled(frame, "staff")
    assert not fake["first_name"].str.contains(r"[-\d]").any()
    assert fake["first_name"].nunique() > 300


def test_words_have_the_case_of_most_real_ones():
    faker = Faker("en_US")
    faker.seed_instance(2)
    words = [faker.word().lower() for _ in range(300)]
    words[:3] = ["TV", "Sunday", "I"]
    texts = [f"She likes {one} and {other}." for one, other in zip(words, words[::-1], strict=True)]
    fake = sampled(pd.DataFrame({"id": range(300), "bio": texts}), "shop")
    assert fake["bio"].str.fullmatch(r"She likes [a-z]+ and [a-z]+\.").mean() > 0.9


def test_references_codes_and_initials_are_those_of_the_name():
    people = names("en_US", 300)
    frame = pd.DataFrame(people, columns=["first_name", "last_name"])
    frame = frame.assign(
        member_id=range(300),
        reference=[f"{last}_{first}".lower() for first, last in people],
        code=[last[:3].upper() for _, last in people],
        initials=[first[0] + last[0] for first, last in people],
    )
    frame.loc[::4, "code"] = None
    tables = {"members": frame}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    fake = synth.sample(scale=2)["members"]
    first, last = fake["first_name"], fake["last_name"]
    assert (fake["code"].dropna() == last.str[:3].str.upper()[fake["code"].notna()]).all()
    assert fake["code"].isna().mean() == pytest.approx(0.25, abs=0.06)
    assert (fake["initials"] == first.str[0] + last.str[0]).all()
    assert (fake["reference"].str.replace(r"\d+$", "", regex=True)
            == (last + "_" + first).str.lower()).mean() > 0.95  # fmt: skip
