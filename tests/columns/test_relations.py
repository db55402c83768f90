"""Relations between columns: found, taken out, put back exactly, and never invented."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import restored

from relsynth.columns.matrix import Matrix
from relsynth.columns.relations import Relations
from relsynth.errors import ModelFileError

DAY = 86_400.0
MAY = 17_652 * DAY  # 2018-05-01, a Tuesday


def matrix(categories=(), **columns) -> Matrix:
    kinds = tuple("category" if name in categories else "number" for name in columns)
    return Matrix(tuple(columns), kinds, np.column_stack(list(columns.values())).astype(float))


def found(table: Matrix, decimals=None, steps=None, seed=0, **options) -> Relations:
    steps = steps or {}
    if decimals is None:
        plain = zip(table.names, table.kinds, strict=True)
        decimals = {n: 2 for n, kind in plain if kind == "number" and n not in steps}
    return Relations.find(table, decimals, steps, seed, **options)


def assert_round_trip(relations: Relations, table: Matrix) -> None:
    back = relations.decode(relations.encode(table), np.random.default_rng(1))
    assert back.names == table.names
    assert back.kinds == table.kinds
    np.testing.assert_array_equal(back.values, table.values)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


class TestArithmetic:
    def test_a_product_is_dropped_and_computed_again(self, rng):
        quantity = rng.integers(1, 20, 600)
        price = rng.integers(100, 9_000, 600) / 100
        table = matrix(quantity=quantity, price=price, total=np.round(quantity * price, 2))
        relations = found(table)
        assert relations.notes == ("total = quantity * price in 100 % of 600 rows",)
        assert relations.encode(table).names == ("quantity", "price")
        assert_round_trip(relations, table)
        drawn = Matrix(("quantity", "price"), ("number",) * 2, np.array([[3, 2.5], [7, 1.11]]))
        assert relations.decode(drawn, rng)["total"].tolist() == [7.5, 7.77]

    def test_a_sum_is_preferred_to_the_differences_it_implies(self, rng):
        net, tax = rng.integers(100, 9_999, (2, 500)) / 100
        table = matrix(total=np.round(net + tax, 2), net=net, tax=tax)
        relations = found(table)
        assert relations.notes == ("total = net + tax in 100 % of 500 rows",)
        assert relations.encode(table).names == ("net", "tax")

    def test_exceptions_are_kept_as_a_residual_behind_its_bases(self, rng):
        net, tax = rng.integers(100, 9_999, (2, 500)) / 100
        total = np.round(net + tax, 2)
        total[:5] += 1
        table = matrix(total=total, net=net, tax=tax)
        relations = found(table)
        learned = relations.encode(table)
        assert "99 % of 500 rows; what is left is kept" in relations.notes[0]
        assert learned.names == ("net", "tax", "total")
        np.testing.assert_array_equal(np.unique(learned["total"]), [0, 1])
        assert_round_trip(relations, table)

    def test_missing_values_that_disagree_keep_the_own_value(self, rng):
        net, tax = rng.integers(100, 9_999, (2, 500)) / 100
        total = np.round(net + tax, 2)
        tax[:40] = np.nan
        total[30:60] = np.nan
        table = matrix(net=net, tax=tax, total=total)
        relations = found(table)
        learned = relations.encode(table)["total"]
        np.testing.assert_array_equal(learned[:30], total[:30])
        assert np.isnan(learned[30:60]).all()
        assert (learned[60:] == 0).all()
        assert_round_trip(relations, table)

    def test_missing_values_that_agree_are_no_reason_to_keep_a_residual(self, rng):
        net, tax = rng.integers(100, 9_999, (2, 500)) / 100
        tax[:40] = np.nan
        table = matrix(net=net, tax=tax, total=np.round(net + tax, 2))
        relations = found(table)
        assert relations.encode(table).names == ("net", "tax")
        assert_round_trip(relations, table)

    def test_a_residual_that_doubles_cannot_hold_is_not_used(self, rng):
        a, b = rng.integers(10**8, 10**9, (2, 900)) / 1.0
        product = a * b
        product[:3] = 0.5
        table = matrix(a=a, b=b, product=product)
        relations = found(table, {"a": 0, "b": 0, "product": 1})
        assert "product" not in relations.relations
        assert_round_trip(relations, table)

    def test_unrounded_numbers_come_back_to_nine_digits(self, rng):
        a, b = rng.normal(5, 100, (2, 600))
        table = matrix(a=a, b=b, total=a + b, third=a / 3)
        relations = found(table, {})
        learned = relations.encode(table)
        assert learned.names == ("a", "b")
        back = relations.decode(learned, rng)
        np.testing.assert_allclose(back.values, table.values, rtol=1e-9)

    def test_adding_nothing_and_multiplying_by_one_prove_nothing(self, rng):
        a = rng.integers(1, 9_999, 500) / 100
        rarely = np.where(np.arange(500) < 20, rng.integers(2, 9, 500), 0)
        once = np.where(np.arange(500) < 20, rng.integers(2, 9, 500), 1)
        b = rng.permutation(a)
        relations = found(matrix(a=a, rarely=rarely, once=once, b=b))
        assert relations.notes == ()


class TestConversion:
    def test_days_follow_from_seconds(self, rng):
        seconds = rng.integers(0, 10_000_000, 400)
        table = matrix(seconds=seconds, days=np.round(seconds / DAY, 4))
        relations = found(table, {"seconds": 0, "days": 4})
        assert relations.encode(table).names == ("seconds",)
        assert_round_trip(relations, table)

    def test_fahrenheit_follows_from_celsius(self, rng):
        celsius = np.round(rng.normal(12, 9, 400), 1)
        table = matrix(celsius=celsius, fahrenheit=np.round(1.8 * celsius + 32, 2))
        relations = found(table, {"celsius": 1, "fahrenheit": 2})
        assert relations.notes == ("fahrenheit = 1.8 * celsius + 32 in 100 % of 400 rows",)
        assert_round_trip(relations, table)

    def test_the_date_of_an_instant_keeps_its_exceptions(self, rng):
        active = MAY + rng.integers(0, 300 * 86_400, 2_000)
        created = np.floor(active / DAY) * DAY
        created[:4] += DAY
        table = matrix(created=created, active=active)
        relations = found(table, steps={"created": DAY, "active": 1})
        assert "created = date(active) in 99.8 % of 2000 rows" in relations.notes[0]
        learned = relations.encode(table)
        assert learned.names == ("active", "created")
        np.testing.assert_array_equal(np.unique(learned["created"]), [0, DAY])
        assert_round_trip(relations, table)

    def test_a_constant_delay_between_dates_is_dropped(self, rng):
        invoiced = MAY + DAY * rng.integers(0, 900, 300)
        table = matrix(invoiced=invoiced, due=invoiced + 30 * DAY)
        relations = found(table, steps={"invoiced": DAY, "due": DAY})
        assert relations.encode(table).names == ("invoiced",)
        assert_round_trip(relations, table)

    def test_numbers_are_not_compared_with_dates(self, rng):
        date = MAY + DAY * rng.permutation(5_000)[:400]
        table = matrix(date=date, number=date / 7)
        assert found(table, {"number": 0}, {"date": DAY}).notes == ()


class TestDependency:
    def test_a_country_is_looked_up_from_its_city(self, rng):
        city = rng.integers(0, 30, 900)
        table = matrix(("city", "country"), city=city, country=city % 4)
        relations = found(table)
        assert relations.notes == (
            "country follows from city: 30 values, no exception in 900 rows",
        )
        assert relations.encode(table).names == ("city",)
        assert_round_trip(relations, table)

    def test_one_to_one_keeps_the_number(self, rng):
        years = rng.integers(1, 17, 900)
        names = rng.permutation(17)
        table = matrix(("education",), education=names[years], years=years)
        relations = found(table)
        assert relations.encode(table).names == ("years",)
        assert_round_trip(relations, table)

    def test_the_smallest_determinant_wins(self, rng):
        street = rng.integers(0, 120, 900)
        table = matrix(
            ("street", "city", "country"), street=street, city=street % 24, country=street % 4
        )
        relations = found(table)
        assert relations.relations["country"].bases == ("city",)
        assert relations.relations["city"].bases == ("street",)
        assert_round_trip(relations, table)

    def test_numbers_determine_numbers_only_one_to_one(self, rng):
        a = rng.integers(0, 40, 900)
        many = matrix(a=a, b=(a * a) % 7)
        assert "b" not in found(many).relations
        one = matrix(a=a, b=np.random.default_rng(2).permutation(100)[a])
        assert found(one).encode(one).names == ("a",)

    def test_a_single_exception_ends_it(self, rng):
        city = rng.integers(0, 30, 900)
        country = city % 4
        country[0] = (country[0] + 1) % 4
        assert found(matrix(("city", "country"), city=city, country=country)).notes == ()

    def test_weekday_and_month_follow_from_a_date(self):
        date = MAY + DAY * np.arange(700)
        stamps = pd.to_datetime(date, unit="s")
        table = matrix(("month",), date=date, weekday=stamps.day_of_week, month=stamps.month)
        relations = found(table, {"weekday": 0}, {"date": DAY})
        assert relations.encode(table).names == ("date",)
        assert_round_trip(relations, table)
        later = Matrix(("date",), ("number",), np.array([[MAY + 7_000 * DAY]]))
        assert relations.decode(later, np.random.default_rng(0))["weekday"].tolist() == [1]

    def test_unseen_numbers_take_the_nearest_and_unseen_codes_the_most_frequent(self, rng):
        age = rng.choice([10, 20, 30], 300, p=[0.2, 0.3, 0.5])
        shop = rng.integers(0, 5, 300)
        table = matrix(
            ("group", "shop", "town"), age=age, group=age / 10 - 1, shop=shop, town=shop == 2
        )
        relations = found(table)
        drawn = Matrix(("age", "shop"), ("number", "category"), np.array([[17.0, 4], [44, 9]]))
        decoded = relations.decode(drawn, rng)
        assert decoded["group"].tolist() == [1, 2]
        assert decoded["town"].tolist() == [0, 0]

    @pytest.mark.parametrize("kind", ["category", "number"])
    def test_a_rare_determinant_is_not_written_down(self, rng, kind):
        city = np.append(rng.integers(0, 20, 600), [20, 21, 21])
        salary = np.append(1_000.0 + city[:600] % 5, [7_777, 8_888, 8_888])
        table = matrix(("city",), city=city, salary=salary)
        if kind == "category":
            codes = pd.factorize(salary, sort=True)[0]
            table = matrix(("city", "salary"), city=city, salary=codes)
        relations = found(table)
        stored = relations.to_state()["relations"]["salary"]
        assert len(stored["keys"]) == 20
        assert not set(table["salary"][-3:]) & set(stored["values"])
        assert_round_trip(relations, table)
        assert len(found(table, min_count=2).to_state()["relations"]["salary"]["keys"]) == 21

    def test_few_rows_prove_nothing(self, rng):
        a = np.arange(12) % 6
        assert found(matrix(("a", "b"), a=a, b=a % 2)).notes == ()


class TestDifference:
    @pytest.fixture
    def orders(self, rng) -> Matrix:
        ordered = MAY + DAY * rng.integers(0, 900, 1_500)
        shipped = ordered + DAY * rng.integers(1, 12, 1_500)
        shipped[rng.random(1_500) < 0.1] = np.nan
        return matrix(ordered=ordered, shipped=shipped)

    def test_a_short_delay_becomes_the_column_to_learn(self, orders):
        relations = found(orders, steps={"ordered": DAY, "shipped": DAY})
        learned = relations.encode(orders)["shipped"]
        assert set(learned[~np.isnan(learned)]) == {DAY * days for days in range(1, 12)}
        assert "never negative" in relations.notes[0]
        assert_round_trip(relations, orders)

    def test_a_decoded_difference_stays_in_order_and_may_pass_the_last_date(self, orders, rng):
        relations = found(orders, steps={"ordered": DAY, "shipped": DAY})
        names, kinds = ("ordered", "shipped"), ("number", "number")
        drawn = Matrix(
            names, kinds, np.array([[MAY + 90 * DAY, -5 * DAY], [MAY + 899 * DAY, 400 * DAY]])
        )
        decoded = relations.decode(drawn, rng)
        assert decoded["shipped"][0] == MAY + 91 * DAY  # never on the day of the order
        assert decoded["shipped"][1] == MAY + 1299 * DAY > np.nanmax(orders["shipped"])

    def test_a_base_that_is_missing_is_filled_in_and_missing_again(self, rng):
        ordered = MAY + DAY * rng.integers(0, 900, 1_500)
        shipped = ordered + DAY * rng.integers(1, 12, 1_500)
        ordered[rng.random(1_500) < 0.2] = np.nan
        shipped[rng.random(1_500) < 0.2] = np.nan
        table = matrix(ordered=ordered, shipped=shipped)
        relations = found(table, steps={"ordered": DAY, "shipped": DAY})
        learned = relations.encode(table)
        assert learned.names == ("#missing.ordered", "ordered", "shipped")
        known = ~np.isnan(learned["shipped"])
        assert ((learned["shipped"][known] >= DAY) & (learned["shipped"][known] <= 11 * DAY)).all()
        assert_round_trip(relations, table)

    def test_a_duration_is_counted_from_the_earlier_date(self, rng):
        rented = MAY + rng.integers(0, 90 * 86_400, 5_000)
        returned = rented + rng.integers(3_600, 5 * 86_400, 5_000)
        table = matrix(returned=returned, rented=rented)
        relations = found(table, steps={"returned": 1, "rented": 1})
        assert relations.relations["returned"].bases == ("rented",)
        assert relations.encode(table)["returned"].min() >= 3_600

    def test_what_a_tree_keeps_by_itself_is_left_alone(self, rng):
        a = np.round(rng.normal(0, 100, 3_000), 2)
        table = matrix(a=a, b=np.round(a + rng.normal(0, 40, 3_000), 2))
        assert found(table).notes == ()

    def test_a_date_is_counted_from_the_date_of_an_instant(self, rng):
        active = MAY + rng.integers(0, 900 * 86_400, 1_500)
        booked = (np.floor(active / DAY) + rng.integers(0, 9, 1_500)) * DAY
        table = matrix(active=active, booked=booked)
        relations = found(table, steps={"active": 1, "booked": DAY})
        assert set(relations.encode(table)["booked"]) == {DAY * days for days in range(9)}
        assert_round_trip(relations, table)


class TestEquality:
    def test_a_column_that_often_repeats_another_has_a_mark(self, rng):
        asked, other = rng.permutation(5_000)[:2_000].reshape(2, 1_000) / 100
        paid = np.where(rng.random(1_000) < 0.6, asked, other)
        paid[:50] = np.nan
        table = matrix(asked=asked, paid=paid)
        relations = found(table)
        learned = relations.encode(table)["paid"]
        mark = np.nanmin(learned)
        assert mark < 0
        np.testing.assert_array_equal(learned == mark, paid == asked)
        assert_round_trip(relations, table)

    def test_a_repeated_value_is_never_missing_where_the_column_never_is(self, rng):
        asked, other = rng.permutation(5_000)[:2_000].reshape(2, 1_000) / 100
        table = matrix(asked=asked, paid=np.where(rng.random(1_000) < 0.6, asked, other))
        relations = found(table)
        mark = relations.encode(table)["paid"].min()
        drawn = Matrix(("asked", "paid"), ("number",) * 2, np.array([[np.nan, mark], [3.0, mark]]))
        decoded = relations.decode(drawn, rng)["paid"]
        assert not np.isnan(decoded).any()
        assert decoded[1] == 3.0


class TestBounds:
    @pytest.fixture
    def games(self, rng) -> Matrix:
        played = rng.integers(1, 160, 4_000)
        started = rng.binomial(played, rng.random(4_000))
        won = rng.binomial(started, rng.random(4_000))
        return matrix(played=played, started=started, won=won)

    def test_broken_draws_are_restored_and_the_rest_is_untouched(self, games, rng):
        relations = found(games, dict.fromkeys(games.names, 0))
        assert relations.notes == (
            "started <= played in all 4000 rows",
            "won <= started in all 4000 rows",
        )
        assert_round_trip(relations, games)
        drawn = Matrix(games.names, games.kinds, rng.permuted(games.values, axis=0))
        decoded = relations.decode(drawn, rng)
        assert (decoded["won"] <= decoded["started"]).all()
        assert (decoded["started"] <= decoded["played"]).all()
        assert (decoded.values == np.rint(decoded.values)).all()
        fine = drawn["started"] <= drawn["played"]
        np.testing.assert_array_equal(decoded["started"][fine], drawn["started"][fine])

    def test_restored_values_do_not_pile_up_on_the_bound(self, rng):
        low = rng.random(4_000)
        table = matrix(low=low, high=low + 0.5 + 0.5 * rng.random(4_000))
        relations = found(table, {})
        drawn = Matrix(table.names, table.kinds, np.column_stack([low, rng.random(4_000)]))
        assert relations.notes == ("low <= high in all 4000 rows",)
        decoded = relations.decode(drawn, rng)
        moved = drawn["high"] < drawn["low"]
        gap = (decoded["high"] - decoded["low"])[moved]
        assert gap.min() >= 0.49
        assert len(np.unique(gap)) > 0.9 * moved.sum()

    def test_counts_stay_integers_without_being_told(self, games, rng):
        counts = Matrix(games.names, ("count",) * 3, games.values)
        relations = Relations.find(counts, {}, {}, seed=0)
        drawn = Matrix(counts.names, counts.kinds, rng.permuted(counts.values, axis=0))
        decoded = relations.decode(drawn, rng)
        assert decoded.kinds == counts.kinds
        assert (decoded["won"] <= decoded["started"]).all()
        np.testing.assert_array_equal(decoded.values, np.rint(decoded.values))

    def test_a_missing_bound_binds_nothing(self, games, rng):
        relations = found(games, dict.fromkeys(games.names, 0))
        drawn = Matrix(games.names, games.kinds, np.array([[np.nan, 300, 4], [5, np.nan, 90]]))
        np.testing.assert_array_equal(relations.decode(drawn, rng).values, drawn.values)

    def test_a_value_between_two_columns(self, rng):
        low = np.round(rng.normal(50, 20, 3_000), 1)
        high = low + np.round(rng.gamma(2, 20, 3_000), 1)
        table = matrix(
            low=low, high=high, middle=np.round(low + rng.random(3_000) * (high - low), 1)
        )
        relations = found(table, dict.fromkeys(table.names, 1))
        drawn = Matrix(table.names, table.kinds, rng.permuted(table.values, axis=0))
        decoded = relations.decode(drawn, rng)
        assert (decoded["low"] <= decoded["middle"]).all()
        assert (decoded["middle"] <= decoded["high"]).all()
        assert_round_trip(relations, Matrix(table.names, table.kinds, np.round(table.values, 1)))

    def test_columns_that_are_never_equal_stay_apart(self, rng):
        low = np.round(rng.random(1_500) * 10, 2)
        middle = np.round(low + rng.integers(1, 400, 1_500) / 100, 2)
        high = np.round(middle + rng.integers(2, 400, 1_500) / 100, 2)
        table = matrix(low=low, middle=middle, high=high)
        relations = found(table)
        assert_round_trip(relations, table)
        learned = relations.encode(table)
        drawn = Matrix(learned.names, learned.kinds, rng.permuted(learned.values, axis=0))
        decoded = relations.decode(drawn, rng)
        assert (decoded["low"] < decoded["middle"]).all()
        assert (decoded["middle"] < decoded["high"]).all()


class TestSums:
    def test_a_total_of_three_and_more_terms_is_dropped(self, rng):
        net = rng.integers(100, 90_000, 800) / 100
        tax = np.round(net * 0.19, 2)
        freight, off = rng.choice([0, 4.9, 9.9], 800), rng.choice([0, 5.0], 800)
        total = np.round(net + tax + freight - off, 2)
        table = matrix(net=net, tax=tax, freight=freight, off=off, total=total)
        relations = found(table)
        assert "total = net + tax + freight - off in 100 % of 800 rows" in relations.notes
        assert "total" not in relations.encode(table).names
        assert_round_trip(relations, table)

    def test_a_few_exceptions_are_kept_as_a_residual(self, rng):
        parts = rng.integers(1, 900, (3, 2_000)).astype(float)
        total = parts.sum(axis=0)
        total[:12] += 7
        table = matrix(a=parts[0], b=parts[1], c=parts[2], total=total)
        relations = found(table, dict.fromkeys(("a", "b", "c", "total"), 0))
        assert set(np.unique(relations.encode(table)["total"])) == {0.0, 7.0}
        assert_round_trip(relations, table)

    @pytest.mark.parametrize("total", [1.0, 100.0])
    def test_shares_stay_shares_whatever_is_drawn(self, rng, total):
        parts = np.round(rng.dirichlet([2, 3, 4], 900) * total, 2)
        parts[:, 2] = np.round(total - parts[:, 0] - parts[:, 1], 2)
        parts = parts[(parts >= 0).all(axis=1)]
        table = matrix(a=parts[:, 0], b=parts[:, 1], c=parts[:, 2])
        relations = found(table)
        learned = relations.encode(table)
        assert learned.names == ("a", "b")
        assert_round_trip(relations, table)
        drawn = Matrix(learned.names, learned.kinds, rng.permuted(learned.values, axis=0))
        values = relations.decode(drawn, rng).values
        assert (values >= 0).all()
        np.testing.assert_allclose(values.sum(axis=1), total, atol=1e-9)

    def test_rounded_shares_miss_their_sum_by_some_steps(self, rng):
        parts = np.round(rng.dirichlet([2, 3, 4], 1_500), 2)
        table = matrix(a=parts[:, 0], b=parts[:, 1], c=parts[:, 2])
        relations = found(table)
        learned = relations.encode(table)
        assert_round_trip(relations, table)
        drawn = Matrix(learned.names, learned.kinds, rng.permuted(learned.values, axis=0))
        assert np.abs(relations.decode(drawn, rng).values.sum(axis=1) - 1).max() < 0.03

    def test_ten_columns_that_add_up_to_nothing_are_left_alone(self, rng):
        table = matrix(**{f"c{i}": np.round(rng.normal(50, 9, 900), 2) for i in range(10)})
        assert found(table).notes == ()


class TestProductsAndRatios:
    def test_quantity_price_and_discount(self, rng):
        quantity, price = rng.integers(1, 20, 900), rng.integers(100, 9_000, 900) / 100
        discount = rng.choice([0, 0.05, 0.1, 0.25], 900)
        total = np.round(quantity * price * (1 - discount), 2)
        table = matrix(quantity=quantity, price=price, discount=discount, total=total)
        relations = found(table)
        assert relations.notes == (
            "total = quantity * price * (1 - discount) in 100 % of 900 rows",
        )
        assert_round_trip(relations, table)

    def test_a_percentage_of_two_columns(self, rng):
        of = rng.integers(50, 900, 900)
        passed = rng.binomial(of, rng.random(900))
        table = matrix(of=of, passed=passed, rate=np.round(100 * passed / of, 1))
        relations = found(table, {"of": 0, "passed": 0, "rate": 1})
        assert "rate" not in relations.encode(table).names
        assert_round_trip(relations, table)


class TestPowersAndWeights:
    def test_powers_with_a_constant_are_found_and_the_least_rounded_follows(self, rng):
        height, weight = rng.normal(170, 9, 500).round(), rng.normal(75, 12, 500).round()
        index = np.round(weight / (height / 100) ** 2, 2)
        table = matrix(height=height, weight=weight, index=index)
        relations = found(table, {"height": 0, "weight": 0, "index": 2})
        assert relations.notes == ("index = 10000 * weight * height^-2 in 100 % of 500 rows",)
        assert_round_trip(relations, table)

    def test_a_volume_in_another_unit(self, rng):
        a, b, c = rng.integers(5, 90, (3, 500)).astype(float)
        table = matrix(a=a, b=b, c=c, litres=np.round(a * b * c / 1000, 1))
        relations = found(table, {"a": 0, "b": 0, "c": 0, "litres": 1})
        assert relations.relations["litres"].bases == ("a", "b", "c")
        assert not relations.relations["litres"].kept

    def test_weighted_sums_are_found_with_short_weights(self, rng):
        marks = rng.integers(0, 101, (500, 3)).astype(float)
        table = matrix(
            a=marks[:, 0], b=marks[:, 1], c=marks[:, 2], final=np.round(marks @ [0.5, 0.3, 0.2], 1)
        )
        relations = found(table, {"a": 0, "b": 0, "c": 0, "final": 1})
        assert relations.notes == ("final = 0.5 * a + 0.3 * b + 0.2 * c in 100 % of 500 rows",)
        assert_round_trip(relations, table)

    def test_hours_between_moments_less_a_break(self, rng):
        start = MAY + rng.integers(0, 9_000, 500) * 900.0
        minutes, rest = rng.integers(12, 44, 500) * 15.0, rng.choice([0.0, 30, 45], 500)
        table = matrix(
            start=start, end=start + 60 * minutes, rest=rest, hours=(minutes - rest) / 60
        )
        relations = found(table, {"rest": 0, "hours": 2}, {"start": 60.0, "end": 60.0})
        assert not relations.relations["hours"].kept
        assert_round_trip(relations, table)

    def test_a_missing_term_counts_as_nothing(self, rng):
        base, bonus, tax = rng.integers(1_000, 9_000, (3, 500)) / 100
        bonus[rng.random(500) < 0.7] = np.nan
        table = matrix(
            base=base, bonus=bonus, tax=tax, paid=np.round(base + np.nan_to_num(bonus) - tax, 2)
        )
        relations = found(table)
        assert relations.notes == ("paid = base + bonus - tax in 100 % of 500 rows",)
        assert_round_trip(relations, table)

    def test_the_greatest_and_the_least_of_some_columns(self, rng):
        tries = rng.integers(0, 100, (500, 3)).astype(float)
        table = matrix(
            a=tries[:, 0], b=tries[:, 1], c=tries[:, 2], best=tries.max(1), worst=tries.min(1)
        )
        relations = found(table, dict.fromkeys(("a", "b", "c", "best", "worst"), 0))
        assert relations.relations["best"].bases == ("a", "b", "c")
        assert relations.relations["worst"].bases == ("a", "b", "c")
        assert_round_trip(relations, table)


class TestFromDates:
    def test_parts_of_a_date_follow_from_it(self, rng):
        born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18_000, 900), unit="D")
        seconds = born.to_numpy().astype("datetime64[s]").astype(float)
        week = born.isocalendar().week.to_numpy()
        parts = {"year": born.year, "month": born.month, "day": born.day, "week": week}
        table = matrix(born=seconds, **parts)
        relations = found(table, dict.fromkeys(parts, 0), {"born": DAY})
        assert relations.encode(table).names == ("born",)
        assert relations.relations["day"].note == "day = day of born in 100 % of 900 rows"
        assert_round_trip(relations, table)

    @pytest.mark.parametrize("unit", ["whole years", "whole years of 365.25 days", "days"])
    def test_the_time_between_two_dates(self, rng, unit):
        born = MAY - DAY * rng.integers(7_000, 30_000, 900)
        seen = MAY + DAY * rng.integers(0, 900, 900)
        between = {"days": (seen - born) / DAY}.get(unit)
        if between is None and "365" in unit:
            between = np.floor((seen - born) / DAY / 365.25)
        elif between is None:
            dates = [pd.to_datetime(at, unit="s") for at in (born, seen)]
            of_the_year = [at.month * 100 + at.day for at in dates]
            between = dates[1].year - dates[0].year - (of_the_year[1] < of_the_year[0])
        table = matrix(born=born, seen=seen, between=between)
        relations = found(table, {"between": 0}, {"born": DAY, "seen": DAY})
        assert relations.relations["between"].operator == unit
        assert_round_trip(relations, table)

    def test_an_age_at_one_moment(self, rng):
        born = MAY - DAY * rng.integers(7_000, 30_000, 900)
        age = np.floor((MAY - born) / DAY / 365.25)
        table = matrix(born=born, age=age)
        relations = found(table, {"age": 0}, {"born": DAY})
        assert relations.encode(table).names == ("born",)
        assert_round_trip(relations, table)


class TestState:
    @pytest.fixture
    def relations(self, rng) -> Relations:
        city = rng.integers(0, 30, 900)
        ordered = MAY + DAY * rng.integers(0, 900, 900)
        played = rng.integers(20, 160, 900)
        table = matrix(
            ("city", "country"),
            city=city,
            country=city % 4,
            ordered=ordered,
            shipped=ordered + DAY * rng.integers(1, 12, 900),
            played=played,
            started=rng.binomial(played, rng.random(900)),
        )
        self.table = table
        return found(table, steps={"ordered": DAY, "shipped": DAY})

    def test_survives_a_model_file(self, relations):
        again = restored(relations)
        assert again.notes == relations.notes
        assert len(again.notes) == 3
        drawn = relations.encode(self.table)
        shuffled = Matrix(
            drawn.names, drawn.kinds, np.random.default_rng(3).permuted(drawn.values, axis=0)
        )
        one = relations.decode(shuffled, np.random.default_rng(1))
        two = again.decode(shuffled, np.random.default_rng(1))
        np.testing.assert_array_equal(one.values, two.values)

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda s: s.pop("bounds"), "'bounds' is missing"),
            (lambda s: s["relations"]["country"].pop("keys"), "unknown fields: keys"),
            (lambda s: s["relations"]["country"].update(type="spell"), "unknown type 'spell'"),
            (lambda s: s["relations"]["country"].update(values=np.zeros(2)), "differ in length"),
            (lambda s: s["relations"]["shipped"].update(operator="%"), "unknown operator '%'"),
            (lambda s: s["relations"]["shipped"].update(bases=["shipped"]), "follows from itself"),
            (lambda s: s["relations"]["shipped"].update(bases=["gone"]), "not there"),
            (lambda s: s["bounds"]["started"].update(lower=["gone"]), "not there"),
            (lambda s: s["steps"].pop("city"), "'city' is missing"),
        ],
    )
    def test_a_damaged_state_is_refused(self, relations, damage, message):
        state = relations.to_state()
        damage(state)
        with pytest.raises(ModelFileError, match=message):
            Relations.from_state(state)

    def test_the_same_seed_finds_the_same(self, relations):
        again = found(self.table, steps={"ordered": DAY, "shipped": DAY})
        assert repr(again.to_state()) == repr(relations.to_state())


def test_a_formula_that_is_about_one_does_not_explain_a_column_that_is_mostly_one(rng):
    points, time = rng.integers(0, 400, 1_000), rng.integers(5_000_000, 9_000_000, 1_000)
    status = np.where(rng.random(1_000) < 0.99, 1, rng.integers(2, 9, 1_000))
    table = matrix(status=status, points=points, time=time)

    assert found(table, decimals={"status": 0, "points": 0, "time": 0}).notes == ()


def independent(seed: int, rows: int = 1_000) -> tuple[Matrix, dict[str, int], dict[str, float]]:
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    for k in range(6):
        columns[f"normal{k}"] = np.round(rng.normal(0, 10 ** rng.integers(0, 4), rows), 2)
        columns[f"count{k}"] = rng.poisson(rng.integers(1, 30), rows)
        columns[f"category{k}"] = rng.integers(0, rng.integers(2, 40), rows)
        columns[f"date{k}"] = MAY + DAY * rng.integers(0, 900, rows)
        columns[f"sparse{k}"] = np.where(rng.random(rows) < 0.1, rng.integers(1, 99, rows), 0)
        columns[f"sparse{k}"][rng.random(rows) < 0.2] = -1
    table = matrix([name for name in columns if name.startswith("category")], **columns)
    values = np.where(table.values == -1, np.nan, table.values)
    dates = {name: DAY for name in columns if name.startswith("date")}
    return Matrix(table.names, table.kinds, values), dict.fromkeys(columns, 2), dates


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_between_independent_columns(seed):
    table, decimals, steps = independent(seed)
    assert Relations.find(table, decimals, steps, seed).notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("rows", [60, 300, 5_000])
def test_nothing_is_found_in_twenty_independent_tables(rows):
    for seed in range(20):
        table, decimals, steps = independent(seed, rows)
        assert Relations.find(table, decimals, steps, seed).notes == ()


FRESH = ("integer", "money", "date", "instant", "category", "constant", "nothing")
DERIVED = ("copy", "sum", "product", "offset", "date_of", "lookup", "unit", "between", "weekday")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    recipes=st.lists(
        st.tuples(st.sampled_from(FRESH + DERIVED), st.sampled_from([0, 0, 0.01, 0.3])), max_size=9
    ),
    rows=st.sampled_from([0, 1, 2, 40, 300, 900]),
    missing=st.sampled_from([0, 0, 0.02, 0.4]),
    seed=st.integers(0, 2**16),
)
def test_decoding_undoes_encoding(recipes, rows, missing, seed):
    rng = np.random.default_rng(seed)
    table, decimals, steps = planted(recipes, rows, missing, rng)
    relations = Relations.find(table, decimals, steps, seed)
    learned = relations.encode(table)
    assert {name.removeprefix("#missing.") for name in learned.names} <= set(table.names)
    assert_round_trip(relations, table)
    assert_round_trip(Relations.from_state(relations.to_state()), table)
    drawn = Matrix(learned.names, learned.kinds, rng.permuted(learned.values, axis=0))
    decoded = relations.decode(drawn, rng)
    complete = ~np.isnan(table.values).any(axis=0)
    assert not np.isnan(decoded.values[:, complete]).any()


def test_what_fills_a_gap_takes_no_ending_from_a_real_value():
    """A base is filled in where it is missing; its endings are counted without these rows."""
    recipes = [("integer", 0), ("product", 0), ("date", 0), ("product", 0)]
    table, decimals, steps = planted(recipes, 900, 0.02, np.random.default_rng(2050))
    relations = Relations.find(table, decimals, steps, 2050)
    assert "product 1" in relations.endings
    assert_round_trip(relations, table)


def planted(recipes, rows, missing, rng) -> tuple[Matrix, dict[str, int], dict[str, float]]:
    """Build a table whose columns depend on each other by recipe, with exceptions and gaps."""
    columns: dict[str, np.ndarray] = {}
    decimals: dict[str, int] = {}
    steps: dict[str, float] = {}
    categories = []
    for number, (recipe, exceptions) in enumerate(recipes):
        name = f"{recipe} {number}"
        plain = [columns[n] for n in decimals] or [rng.integers(0, 500, rows) / 1.0]
        dates = [columns[n] for n in steps] or [MAY + DAY * rng.integers(0, 500, rows)]
        one, two = (plain[i] for i in rng.integers(0, len(plain), 2))
        date = dates[rng.integers(0, len(dates))]
        keys = np.mod(np.nan_to_num(one), 25).astype(int)
        fresh = {
            "integer": rng.integers(0, 500, rows) / 1.0,
            "money": rng.integers(0, 50_000, rows) / 100,
            "date": MAY + DAY * rng.integers(0, 500, rows),
            "instant": MAY + rng.integers(0, 500 * 86_400, rows) / 1.0,
            "category": rng.integers(0, 12, rows) / 1.0,
            "constant": np.full(rows, 7.0),
            "nothing": np.full(rows, np.nan),
        }
        derived = {
            "copy": one,
            "sum": np.round(one + two, 2),
            "product": np.round(np.clip(one * two, -1e12, 1e12), 2),
            "offset": date + DAY * rng.integers(0, 9, rows),
            "date_of": np.floor(date / DAY) * DAY,
            "lookup": rng.integers(0, 6, 25)[keys] / 1.0,
            "unit": np.round(one * 0.25 + 3, 2),
            "between": np.round(one + rng.random(rows) * 10, 2),
            "weekday": np.mod(np.floor(np.nan_to_num(date) / DAY) + 3, 7),
        }
        dated = recipe in ("date", "instant", "offset", "date_of")
        other = fresh["instant" if recipe == "offset" else "date" if dated else "category"]
        column = np.where(rng.random(rows) < exceptions, other, (fresh | derived)[recipe])
        columns[name] = np.where(rng.random(rows) < missing, np.nan, column)
        if recipe in ("category", "lookup"):
            categories.append(name)
        elif dated:
            whole = columns[name][~np.isnan(columns[name])] % DAY == 0
            steps[name] = DAY if whole.all() else 1.0
        else:
            decimals[name] = 2
    if not columns:
        return Matrix.empty(rows), {}, {}
    return matrix(categories, **columns), decimals, steps


DATA = os.environ.get("RELSYNTH_DATA")


@pytest.mark.skipif(DATA is None, reason="RELSYNTH_DATA is not set")
def test_what_is_true_of_rossmann_is_found():
    frame = pd.read_csv(Path(DATA or "") / "rossmann" / "historical.csv.gz", low_memory=False)
    date = (pd.to_datetime(frame["Date"]) - pd.Timestamp(0)).dt.total_seconds()
    table = matrix(date=date, weekday=frame["DayOfWeek"], sales=frame["Sales"])
    relations = found(table, {"weekday": 0, "sales": 0}, {"date": DAY})
    assert "weekday follows from weekday of date" in relations.notes[0]
    assert_round_trip(relations, table)
