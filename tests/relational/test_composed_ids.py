"""Numbers of invoices and policies say the year, and the carrier, of their row."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def sampled(frame, table):
    tables = {table: frame}
    return (
        rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0)
        .fit(tables)
        .sample(seed=1)[table]
    )


def invoices(n=400, seed=0):
    rng = np.random.default_rng(seed)
    days = pd.to_datetime("2022-11-01") + pd.to_timedelta(rng.integers(0, 300, n), "D")
    return days, rng


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y-%m-%d", "%d-%b-%Y"])
def test_the_year_in_a_number_is_that_of_a_date_written_as_text(form):
    days, rng = invoices()
    frame = pd.DataFrame(
        {
            "invoice_no": [f"RE{day:%y}-{n:05d}" for n, day in enumerate(days)],
            "date": days.strftime(form),
            "total": rng.gamma(2, 90, len(days)).round(2),
        }
    )
    fake = sampled(frame, "invoices")
    years = pd.to_datetime(fake["date"], format=form).dt.strftime("%y")
    assert (fake["invoice_no"].str[2:4] == years).all()
    assert fake["invoice_no"].is_unique


def test_two_years_of_which_one_is_frequent_are_no_chance():
    days, _ = invoices()
    assert (days.year == 2023).mean() > 0.7
    frame = pd.DataFrame(
        {"application_no": [f"{d.year}/{n:05d}" for n, d in enumerate(days)], "filed": days}
    )
    fake = sampled(frame, "applications")
    assert (fake["application_no"].str[:4].astype(int) == fake["filed"].dt.year).all()


def test_a_number_that_does_not_count_is_not_counted():
    rng = np.random.default_rng(0)
    carriers = rng.choice(["MAEU", "MSCU", "CMDU"], 300)
    numbers = rng.choice(10**9, 300, replace=False)
    frame = pd.DataFrame(
        {
            "bill_no": [f"{c}{n:09d}" for c, n in zip(carriers, numbers, strict=True)],
            "scac": carriers,
        }
    )
    fake = sampled(frame, "bills")
    assert (fake["bill_no"].str[:4] == fake["scac"]).all()
    assert fake["bill_no"].is_unique
    assert fake["bill_no"].str[4:].astype(int).median() > 10**7


def test_open_ends_are_read_beside_ids():
    days, _ = invoices()
    ends = days.strftime("%Y-%m-%d").where(days.day < 20, "9999-12-31")
    frame = pd.DataFrame(
        {"policy_no": [f"{d.year}-{n:05d}" for n, d in enumerate(days)], "start": days, "end": ends}
    )
    fake = sampled(frame, "policies")
    assert (fake["policy_no"].str[:4].astype(int) == fake["start"].dt.year).all()
    assert (fake["end"] == "9999-12-31").mean() > 0.2


def test_numbers_that_do_not_count_never_take_the_year_of_another_row():
    rng = np.random.default_rng(16)
    year = rng.choice([2021, 2022], 300)
    number = [f"{a}-{b:03d}" for a, b in zip(year, rng.permutation(900)[:300], strict=True)]
    frame = pd.DataFrame({"number": number, "year": year, "size": rng.normal(size=300)})
    fake = sampled(frame, "files")
    assert fake["number"].is_unique
    assert (fake["number"].str[:4] == fake["year"].astype(str)).all()


def places(n=250):
    rng = np.random.default_rng(8)
    made = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 600, n), "D")
    frame = pd.DataFrame({"zone": rng.choice(["North", "East"], n), "bay": rng.integers(1, 40, n)})
    frame["location"] = [f"{z}-{b:02d}" for z, b in zip(frame["zone"], frame["bay"], strict=True)]
    return frame.assign(id=range(n), made=made, batch=made.strftime("B%y%j"))


def test_texts_that_repeat_are_made_of_the_columns_beside_them():
    fake = sampled(places(), "shipments")
    assert (fake["location"] == fake["zone"] + "-" + fake["bay"].map("{:02d}".format)).all()
    assert (fake["batch"] == fake["made"].dt.strftime("B%y%j")).all()


def test_a_condition_on_such_a_text_holds():
    tables = {"shipments": places()}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    wanted = tables["shipments"]["location"].mode()[0]
    fake = synth.sample(where={"shipments": {"location": wanted}}, rows={"shipments": 5})
    assert (fake["shipments"]["location"] == wanted).all()


def test_addresses_are_made_of_the_words_of_a_title():
    rng = np.random.default_rng(5)
    words = np.array(["River", "Garden", "Market", "Harbour", "Castle"])
    pairs = zip(rng.choice(words, 150), rng.choice(words, 150), range(150), strict=True)
    frame = pd.DataFrame({"id": range(150), "title": [f"{a} {b} {n}" for a, b, n in pairs]})
    slug = frame["title"].str.lower().str.replace(" ", "-")
    frame["slug"], frame["url"] = slug, "https://example.org/" + slug + ".html"
    made = sampled(frame, "post")
    told = made["title"].str.lower().str.replace(" ", "-")
    assert (told == made["slug"]).all()
    assert ("https://example.org/" + told + ".html" == made["url"]).all()


def test_two_digits_of_a_year_in_a_number_are_those_of_a_column():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(
        {"year": rng.integers(2018, 2024, 200), "land": rng.choice(["N", "S"], 200)}
    )
    numbers = zip(frame["land"], frame["year"], range(200), strict=True)
    frame["file_no"] = [f"{land}/{year % 100:02d}-{n:04d}" for land, year, n in numbers]
    made = sampled(frame, "files")
    told = made["land"] + "/" + (made["year"] % 100).astype(str).str.zfill(2)
    assert (made["file_no"].str[:4] == told).all()
