"""Rules across rows and tables: found with evidence, printed, kept in every output, switchable."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def fitted(tables, keys=(), **options) -> rs.RelationalSynthesizer:
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, model="cart", seed=0, **options).fit(tables)


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    """Customers who sign up, may leave, and order in between, within a limit."""
    rng = np.random.default_rng(6)
    signup = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 150), unit="D")
    days = rng.integers(30, 400, 150)
    closed = pd.Series(signup + pd.to_timedelta(days, unit="D")).mask(rng.random(150) < 0.5)
    limit = rng.integers(5, 50, 150) * 100
    customer = pd.DataFrame({"id": range(150), "signup": signup, "closed": closed, "limit": limit})
    owner = np.repeat(np.arange(150), rng.poisson(5, 150))
    passed = pd.to_timedelta((days[owner] * rng.random(len(owner))).astype(int), unit="D")
    order = pd.DataFrame(
        {
            "id": range(len(owner)),
            "customer_id": owner,
            "ordered": signup[owner] + passed,
            "amount": (limit[owner] * rng.beta(2, 5, len(owner))).round(2),
        }
    )
    return {"customer": customer, "order": order}


def beside_customers(tables) -> pd.DataFrame:
    return tables["order"].merge(tables["customer"], left_on="customer_id", right_on="id")


class TestDerived:
    def test_prices_and_ages_follow_from_the_rows_referred_to(self):
        rng = np.random.default_rng(9)
        product = pd.DataFrame({"product_id": range(40), "price": rng.gamma(3, 10, 40).round(2)})
        born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18_000, 90), unit="D")
        buyer = pd.DataFrame({"buyer_id": range(90), "born": born})
        what, who, pieces = (
            rng.integers(low, high, 400) for low, high in ((0, 40), (0, 90), (1, 6))
        )
        at = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 600, 400), unit="D")
        days = (at - born[who]).days.to_numpy()
        sale = pd.DataFrame({"sale_id": range(400), "product_id": what, "buyer_id": who, "at": at})
        sale["pieces"], sale["total"] = pieces, (product.price.to_numpy()[what] * pieces).round(2)
        sale["age"] = np.floor((days + 0.5) / 365.2425).astype(int)
        synth = fitted({"product": product, "buyer": buyer, "sale": sale})
        notes = " ".join(synth.notes_["sale"])
        assert "total = pieces * price of sale.product_id in all 400 rows" in notes
        made = synth.sample(scale=2)
        rows = made["sale"].merge(made["product"]).merge(made["buyer"])
        np.testing.assert_allclose(rows.total, rows.price * rows.pieces, atol=0.006)
        years = (rows["at"] - rows.born).dt.days / 365.2425
        assert (years - rows.age).between(-0.01, 1.01).mean() > 0.98


class TestAcross:
    def test_dates_stay_between_those_of_the_parent_and_amounts_below_its_limit(self, shop):
        synth = fitted(shop)
        notes = [note for note in synth.notes_["order"] if note.startswith("rule: ")]
        assert len(notes) == 2
        assert "signup of order.customer_id <= ordered < closed of order.customer_id" in notes[0]
        for scale in (1, 2):
            rows = beside_customers(synth.sample(scale=scale))
            assert (rows.ordered >= rows.signup).all()
            assert (rows.closed.isna() | (rows.ordered <= rows.closed)).all()
            assert (rows.amount <= rows.limit).all()

    def test_switched_off_it_is_neither_found_nor_kept(self, shop):
        synth = fitted(shop, relations="none")
        assert not any(n.startswith(("rule:", "relation:")) for n in synth.notes_["order"])
        rows = beside_customers(synth.sample())
        assert (rows.ordered < rows.signup).any()

    def test_an_unknown_kind_is_refused_by_name(self, shop):
        with pytest.raises(rs.SchemaError, match="no kind 'runing'; did you mean 'running'"):
            rs.RelationalSynthesizer(rs.Metadata.detect(shop), relations=["runing"])

    def test_a_loaded_model_keeps_them_too(self, shop, tmp_path):
        synth = fitted(shop)
        synth.save(tmp_path / "model")
        loaded = rs.RelationalSynthesizer.load(tmp_path / "model")
        pd.testing.assert_frame_equal(synth.sample()["order"], loaded.sample()["order"])

    def test_parents_of_the_caller_are_kept_to(self, shop):
        given = shop["customer"].head(40)
        rows = fitted(shop).sample_children(of={"customer": given})
        joined = beside_customers(rows)
        assert (joined.ordered >= joined.signup).all()

    def test_columns_without_a_rule_get_none(self):
        rng = np.random.default_rng(0)
        parent = pd.DataFrame({"id": range(100), "a": rng.integers(0, 90, 100)})
        child = pd.DataFrame({"id": range(400), "parent_id": rng.integers(0, 100, 400)})
        child["b"] = rng.integers(0, 90, 400)
        notes = fitted({"parent": parent, "child": child}).notes_["child"]
        assert not any(note.startswith("rule") for note in notes)

    def test_a_date_after_that_of_a_linked_parent_keeps_its_distance(self):
        rng = np.random.default_rng(1)
        made = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700, 300), unit="D")
        order = pd.DataFrame({"id": range(300), "made": made})
        of = np.repeat(np.arange(300), rng.integers(0, 3, 300))
        sent = made[of] + pd.to_timedelta(rng.integers(1, 9, len(of)), unit="D")
        parcel = pd.DataFrame({"id": range(len(of)), "order_id": of, "sent": sent})
        fake = fitted({"order": order, "parcel": parcel}).sample()
        rows = fake["parcel"].merge(fake["order"], left_on="order_id", right_on="id")
        days = (rows.sent - rows.made).dt.days
        assert days.min() >= 1
        assert days.max() <= 8
        assert abs(days.mean() - 4.5) < 0.7

    def test_days_until_an_invoice_is_paid_stay_what_they_are(self):
        rng = np.random.default_rng(2)
        since = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 2500, 200), "D")
        owner = np.repeat(np.arange(200), rng.integers(2, 9, 200))
        n = len(owner)
        issued = since[owner] + pd.to_timedelta(rng.integers(40, 1500, n), "D")
        paid = pd.Series(issued + pd.to_timedelta(rng.integers(1, 20, n), "D"))
        invoices = {"id": range(n), "customer_id": owner, "issued": issued}
        invoices["paid_on"] = paid.mask(rng.random(n) < 0.1)
        customers = pd.DataFrame({"id": range(200), "since": since})
        tables = {"customers": customers, "invoices": pd.DataFrame(invoices)}

        made = fitted(tables).sample()
        rows = made["invoices"].merge(made["customers"], left_on="customer_id", right_on="id")
        days = (rows.paid_on - rows.issued).dt.days.dropna()
        assert (rows.issued > rows.since).all()
        assert (days >= 1).all()
        assert 0.01 < (days == 1).mean() < 0.15
        assert (days <= 19).mean() > 0.95


class TestRunning:
    @pytest.fixture
    def accounts(self) -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng(3)
        rows = []
        for account in range(80):
            balance, day = float(rng.integers(0, 500)), pd.Timestamp("2022-01-01")
            for _ in range(int(rng.integers(3, 15))):
                paid, drawn = (round(float(x), 2) for x in rng.gamma(2, 20, 2))
                balance = round(balance + paid - drawn, 2)
                day += pd.Timedelta(days=int(rng.integers(1, 9)))
                rows.append((account, day, paid, drawn, balance))
        columns = ["account_id", "day", "paid", "drawn", "balance"]
        account = pd.DataFrame({"id": range(80)})
        return {"account": account, "move": pd.DataFrame(rows, columns=columns)}

    def test_a_balance_runs_on(self, accounts):
        synth = fitted(accounts)
        note = "balance = balance of the row before + paid - drawn inside one parent in all"
        assert any(note in reason for reason in synth.notes_["move"])
        move = synth.sample(scale=2)["move"]
        gap = move.groupby("account_id").balance.diff() - move.paid + move.drawn
        assert gap.abs().max() < 0.005

    def test_a_counter_that_starts_anywhere_counts_on(self):
        rng = np.random.default_rng(2)
        owner = np.repeat(np.arange(60), rng.integers(2, 9, 60))
        first = rng.integers(1, 90, 60)[owner]
        number = first + pd.Series(owner).groupby(owner).cumcount()
        child = pd.DataFrame(
            {"owner_id": owner, "number": number, "x": rng.normal(size=len(owner))}
        )
        fake = fitted({"owner": pd.DataFrame({"id": range(60)}), "child": child}).sample()["child"]
        assert set(fake.groupby("owner_id").number.diff().dropna()) == {1}


class TestLevel:
    def test_a_level_is_one_below_that_of_the_manager(self):
        rng = np.random.default_rng(5)
        level, boss = np.zeros(150, int), np.full(150, -1)
        for i in range(1, 150):
            boss[i] = rng.integers(0, max(1, i // 4 + 1))
            level[i] = level[boss[i]] + 1
        manager = pd.Series(boss + 1).astype("Int64").mask(boss < 0)
        staff = pd.DataFrame({"staff_id": range(1, 151), "manager_id": manager, "level": level})
        fake = fitted({"staff": staff}).sample(scale=2)["staff"]
        below = fake.dropna(subset=["manager_id"])
        above = fake.set_index("staff_id").level.reindex(below.manager_id)
        assert (below.level.to_numpy() == above.to_numpy() + 1).all()
        assert (fake.level[fake.manager_id.isna()] == 0).all()


class TestConservation:
    @pytest.mark.parametrize("kind", ["charges", "weights", "rounded weights"])
    def test_what_adds_up_to_a_constant_does_so(self, kind):
        rng = np.random.default_rng(7)
        owner = np.repeat(np.arange(60), rng.integers(2, 9, 60))
        values = pd.Series(rng.normal(0, 0.2, len(owner)) if kind == "charges" else
                           rng.gamma(2, 1, len(owner)))  # fmt: skip
        groups = values.groupby(owner)
        if kind == "charges":
            values = (values - groups.transform("mean")).round(3)
            last = ~pd.Series(owner).duplicated(keep="last")
            values[last] = (values - values.groupby(owner).transform("sum")).round(3)[last]
        else:
            values = (100 * values / groups.transform("sum")).round(2)
            if kind == "weights":
                last = ~pd.Series(owner).duplicated(keep="last")
                rest = values + (100 - values.groupby(owner).transform("sum"))
                values[last] = rest.round(2)[last]
        part = pd.DataFrame(
            {"owner_id": owner, "value": values, "sort": rng.choice(list("ab"), len(owner))}
        )
        synth = fitted({"owner": pd.DataFrame({"id": range(60)}), "part": part})
        total = 0 if kind == "charges" else 100
        note = f"rule: value adds up to {total} in all 60 parents by part.owner_id"
        assert note in synth.notes_["part"]
        fake = synth.sample(scale=2)["part"]
        np.testing.assert_allclose(fake.groupby("owner_id").value.sum(), total, atol=1e-6)
        if total:
            assert fake.value.min() >= 0


class TestComposed:
    def test_an_id_says_country_and_year_and_counts(self, tmp_path):
        rng = np.random.default_rng(8)
        country, day = rng.choice(["UK", "DE", "FR"], 300), rng.integers(0, 900, 300)
        made = pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D")
        prefix = pd.Series(country) + "-" + pd.Series(made.year).astype(str)
        number = (prefix.groupby(prefix).cumcount() + 1).astype(str).str.zfill(4)
        bill = pd.DataFrame({"bill": prefix + "-" + number, "country": country, "made": made})
        line = pd.DataFrame({"bill": rng.choice(bill.bill, 600), "x": rng.normal(size=600)})
        synth = fitted({"bill": bill, "line": line})
        note = "rule: bill is made of country and year of made and a number in all 300 rows"
        assert note in synth.notes_["bill"]
        synth.sample_to(tmp_path / "parts", scale=3, rows_of_a_part=400)
        for fake in (synth.sample(), rs.read_tables(tmp_path / "parts")):
            own = fake["bill"]
            years = pd.to_datetime(own.made).dt.year.astype(str)
            assert own.bill.is_unique
            assert own.bill.str.fullmatch(r"[A-Z]{2}-\d{4}-\d{4}").all()
            assert (own.bill.str[:7] == own.country + "-" + years).all()
            assert fake["line"].bill.isin(own.bill).all()

    def test_an_id_of_year_and_team(self):
        rng = np.random.default_rng(9)
        team = pd.DataFrame({"team": [f"T{i}" for i in range(30)], "size": rng.integers(1, 9, 30)})
        pairs = [(year, name) for year in range(1990, 2010) for name in team.team]
        rows = [pairs[i] for i in rng.permutation(len(pairs))[:350]]
        season = pd.DataFrame(rows, columns=["year", "team"])
        season.insert(0, "id", season.year.astype(str) + "_" + season.team)
        season["won"] = rng.integers(0, 90, 350)
        fake = fitted({"team": team, "season": season}).sample()["season"]
        agrees = fake.id == fake.year.astype(str) + "_" + fake.team
        assert fake.id.is_unique
        assert agrees.mean() > 0.95

    def test_ids_without_a_meaning_are_left_alone(self):
        rng = np.random.default_rng(3)
        ids = [f"K-{n}" for n in rng.permutation(9_000)[:200]]
        thing = pd.DataFrame({"id": ids, "year": rng.integers(1990, 2020, 200)})
        assert not any("is made of" in note for note in fitted({"thing": thing}).notes_["thing"])


def metered(n_meters: int = 60, months: int = 18) -> dict[str, pd.DataFrame]:
    """Meters read once a month, whose stand never falls; its cost begins anew every year."""
    rng = np.random.default_rng(4)
    meter = pd.DataFrame({"id": range(n_meters), "usage": rng.integers(5, 60, n_meters)})
    owner = np.repeat(np.arange(n_meters), months)
    month = np.tile(np.arange(months), n_meters)
    used = rng.poisson(meter.usage.to_numpy()[owner]) * (rng.random(len(owner)) < 0.9)
    start = rng.integers(0, 5_000, n_meters)[owner]
    stand = start + pd.Series(used).groupby(owner).cumsum().to_numpy()
    day = pd.Timestamp("2023-03-01") + pd.to_timedelta(
        month * 30 + rng.integers(0, 9, len(owner)), "D"
    )
    cost = pd.Series(used * 31).groupby([owner, day.year]).cumsum().to_numpy() / 100
    reading = pd.DataFrame(
        {"id": range(len(owner)), "meter_id": owner, "read_on": day, "stand": stand, "cost": cost}
    )
    return {"meter": meter, "reading": reading}


def falls(reading: pd.DataFrame, column: str, *by) -> int:
    ordered = reading.sort_values(["meter_id", "read_on", column])
    return int((ordered.groupby(["meter_id", *by])[column].diff() < 0).sum())


class TestMonotone:
    def test_a_reading_never_falls_and_what_begins_anew_every_year_does_so(self):
        tables = metered()
        synth = fitted(tables)
        notes = " ".join(synth.notes_["reading"])
        assert (
            "stand never falls along read_on inside one parent by reading.meter_id in all 60"
            in notes
        )
        assert (
            "cost never falls along read_on inside one parent by reading.meter_id and year in all"
            in notes
        )
        for scale in (1, 2):
            made = synth.sample(scale=scale)["reading"]
            assert falls(made, "stand") == 0
            assert falls(made, "cost", made.read_on.dt.year) == 0
            assert falls(made, "cost") > 0

    def test_switched_off_readings_may_fall(self):
        made = fitted(metered(), relations="none").sample()["reading"]
        assert falls(made, "stand") > 0

    def test_what_holds_in_any_rows_is_no_rule_of_the_parent(self):
        tables = metered()
        reading = tables["reading"]
        reading["stand"] = (reading.read_on - pd.Timestamp("2020-01-01")).dt.days // 20
        assert not any("stand never falls" in note for note in fitted(tables).notes_["reading"])

    def test_the_best_of_a_race_have_most_points_in_races_of_their_own(self):
        rng = np.random.default_rng(8)
        race = pd.DataFrame({"id": range(80), "laps": rng.integers(40, 80, 80)})
        entry = pd.DataFrame(
            {
                "id": range(800),
                "race_id": np.repeat(np.arange(80), 10),
                "place": np.tile(np.arange(1, 11), 80),
            }
        )
        lost = rng.poisson(0.4, 800)
        behind = pd.Series(lost).groupby(entry.race_id).cumsum().to_numpy()
        entry["laps"] = race.laps.to_numpy()[entry.race_id] - behind
        synth = fitted({"race": race, "entry": entry})
        made = synth.sample()["entry"].sort_values(["race_id", "place"])
        steps = made.groupby("race_id").laps.diff().dropna()
        assert (steps <= 0).all()
        assert (steps < 0).any()

    def test_what_counts_inside_a_year_goes_on_to_do_so(self):
        rng = np.random.default_rng(5)
        days = np.sort(rng.choice(3_600, 400, replace=False))
        held = pd.Series(pd.Timestamp("2010-01-01") + pd.to_timedelta(days, unit="D"))
        number = held.groupby(held.dt.year).cumcount() + 1
        race = pd.DataFrame({"id": range(400), "held": held, "number": number})
        race["wet"] = rng.random(400) < 0.3
        synth = fitted({"race": race.sample(frac=1, random_state=0)})
        assert any(
            "number counts from 1 along held inside one year" in n for n in synth.notes_["race"]
        )
        made = synth.sample()["race"].sort_values(["held", "number"])
        assert (made.number == made.groupby(made.held.dt.year).cumcount() + 1).all()


class TestFormulasOfPeople:
    """The extremes of one person are cut off; what follows from them stays what follows."""

    def test_totals_of_people_stay_the_sums_of_their_parts(self):
        rng = np.random.default_rng(4)
        pay = rng.gamma(2, 300, (200, 4)).round(2)
        staff = pd.DataFrame(
            {"employee_id": range(200), "last_name": rng.choice(["Lee", "Kim"], 200)}
        )
        staff = staff.assign(base=pay[:, 0], bonus=pay[:, 1], travel=pay[:, 2], cut=-pay[:, 3])
        staff["gross"] = pay[:, :3].sum(1).round(2) - pay[:, 3]
        staff["gross"] = staff["gross"].round(2)
        rows = fitted({"employee": staff}).sample(scale=3)["employee"]
        assert ((rows.base + rows.bonus + rows.travel + rows.cut - rows.gross).abs() < 0.006).all()
        assert not rows.base.isin([staff.base.max()]).any()

    def test_totals_may_go_beyond_the_largest_one(self):
        rng = np.random.default_rng(5)
        goals = rng.poisson([3, 5, 1], (200, 3))
        game = pd.DataFrame(goals, columns=["home", "away", "bonus"])
        game = game.assign(id=range(200), points=goals.sum(1))
        rows = fitted({"game": game}).sample(scale=4)["game"]
        assert (rows.points == rows.home + rows.away + rows.bonus).all()

    def test_the_net_of_a_gross_amount_follows_its_rate(self):
        rng = np.random.default_rng(7)
        gross, rate = rng.gamma(2, 80, 250).round(2), rng.choice([0.07, 0.19], 250)
        net = (gross / (1 + rate)).round(2)
        bill = pd.DataFrame({"id": range(250), "gross": gross, "rate": rate, "net": net})
        rows = fitted({"bill": bill.assign(vat=(gross - net).round(2))}).sample()["bill"]
        assert ((rows.gross / (1 + rows.rate) - rows.net).abs() < 0.006).all()
        assert ((rows.net + rows.vat - rows.gross).abs() < 0.006).all()

    def test_seconds_since_1970_follow_from_the_moment(self):
        rng = np.random.default_rng(8)
        at = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 200), unit="s")
        log = pd.DataFrame({"id": range(200), "at": at, "epoch": at.as_unit("s").astype("int64")})
        rows = fitted({"log": log}).sample()["log"]
        assert (rows["at"].astype("datetime64[s]").astype("int64") == rows.epoch).all()


class TestPresence:
    def test_steps_that_were_not_reached_have_no_later_ones(self):
        rng = np.random.default_rng(3)
        stage, day = rng.integers(1, 5, 300), pd.Timestamp("2022-01-01")
        at = [day + pd.to_timedelta(rng.integers(0, 300, 300), unit="D")]
        for _ in range(3):
            at.append(at[-1] + pd.to_timedelta(rng.integers(1, 9, 300), unit="D"))
        names = ["ordered", "packed", "sent", "back"]
        steps = {
            n: pd.Series(t).where(stage > k) for k, (n, t) in enumerate(zip(names, at, strict=True))
        }
        synth = fitted({"parcel": pd.DataFrame({"id": range(300), **steps})})
        rows = synth.sample(scale=3)["parcel"]
        for early, late in pairwise(names):
            assert (rows[early].notna() | rows[late].isna()).all()
            assert rows[late].notna().mean() == pytest.approx(steps[late].notna().mean(), abs=0.08)
        assert "relation: back has a value only where sent has one" in synth.notes_["parcel"]

    def test_columns_that_miss_together_go_on_to(self):
        rng = np.random.default_rng(9)
        gone = rng.random(400) < 0.2
        form = {n: pd.Series(rng.normal(size=400).round(2)).mask(gone) for n in "abc"}
        rows = fitted({"form": pd.DataFrame({"id": range(400), **form})}).sample()["form"]
        assert (rows.a.isna() == rows.b.isna()).all()
        assert (rows.a.isna() == rows.c.isna()).all()
        assert rows.a.isna().mean() == pytest.approx(gone.mean(), abs=0.06)


class TestBeginnings:
    def test_running_totals_begin_with_their_first_addend(self):
        rng = np.random.default_rng(22)
        weeks = rng.integers(4, 15, 50)
        region = np.repeat(np.arange(50), weeks)
        cases = pd.DataFrame({"region_id": region, "new": rng.poisson(6, len(region))})
        cases["week"] = cases.groupby("region_id").cumcount() + 1
        cases["total"] = cases.groupby("region_id").new.cumsum()
        tables = {"region": pd.DataFrame({"id": range(50), "size": rng.random(50)}), "cases": cases}
        rows = fitted(tables).sample()["cases"]
        assert (rows.groupby("region_id").new.cumsum() == rows.total).mean() > 0.99

    def test_balances_begin_with_the_opening_of_their_account(self):
        rng = np.random.default_rng(20)
        opening = rng.integers(0, 900, 60)
        owner = np.repeat(np.arange(60), rng.integers(3, 9, 60))
        move = pd.DataFrame({"account_id": owner, "amount": rng.normal(0, 80, len(owner)).round(2)})
        move["balance"] = move.groupby("account_id").amount.cumsum().round(2) + opening[owner]
        move["balance"] = move["balance"].round(2)
        tables = {"account": pd.DataFrame({"id": range(60), "opening": opening}), "move": move}
        made = fitted(tables).sample()
        first = made["move"].groupby("account_id").head(1)
        first = first.merge(made["account"], left_on="account_id", right_on="id")
        assert ((first.opening + first.amount - first.balance).abs() < 0.006).all()


@pytest.mark.parametrize("form", ["kind", "columns"])
def test_balances_go_on_by_the_sign_of_a_kind_or_by_two_columns(form):
    rng = np.random.default_rng(3)
    owner = np.repeat(np.arange(60), rng.integers(5, 15, 60))
    is_credit = rng.random(len(owner)) < 0.45
    amount = rng.gamma(2, 50, len(owner)).round(2)
    signed = pd.Series(np.where(is_credit, amount, -amount))
    opening = rng.gamma(2, 300, 60).round(2)
    balance = (signed.groupby(owner).cumsum() + opening[owner]).round(2)
    entry = pd.DataFrame({"account_id": owner, "balance": balance})
    if form == "kind":
        entry["side"], entry["amount"] = np.where(is_credit, "CR", "DR"), amount
    else:
        entry["debit"] = pd.Series(amount).mask(is_credit)
        entry["credit"] = pd.Series(amount).where(is_credit)
    account = pd.DataFrame({"account_id": range(60), "branch": rng.choice(["N", "S"], 60)})
    made = fitted({"account": account, "entry": entry}).sample(scale=2)["entry"]
    if form == "kind":
        moved = made["amount"].where(made["side"] == "CR", -made["amount"])
    else:
        moved = made["credit"].fillna(0) - made["debit"].fillna(0)
    steps = made.groupby("account_id")["balance"].diff()
    assert (steps - moved).abs()[steps.notna()].max() < 0.011
