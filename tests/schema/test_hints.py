"""Names of columns tell what they hold, in many languages and spellings."""

import pytest

from relsynth.schema.hints import hint_of, party_of
from relsynth.schema.value_hints import number_hint


@pytest.mark.parametrize(
    ("column", "table", "meaning"),
    [
        ("CustomerEmail", "orders", "email"),
        ("address_line_2", "people", "street_address"),
        ("Kundenname", "Rechnung", "name"),
        ("Name", "Mitarbeiter", "name"),
        ("Lieferstrasse", "Bestellung", "street_address"),
        ("nombre_cliente", "pedidos", "name"),
        ("nom", "fournisseurs", "company"),
        ("cognome", "pazienti", "last_name"),
        ("data_nascimento", "alunos", "date_of_birth"),
        ("klantnaam", "factuur", "name"),
        ("Imię", "pracownicy", "first_name"),
        ("Телефон клиента", "заказы", "phone_number"),
        ("Фамилия", "Клиенты", "last_name"),
        ("العنوان", "العملاء", "street_address"),
        ("मोबाइल_नंबर", "ग्राहक", "phone_number"),
        ("客户姓名", "订单", "name"),
        ("郵便番号", "顧客", "postcode"),
    ],
)
def test_personal_words_are_known_in_many_languages(column, table, meaning):
    found = hint_of(column, table)
    assert found is not None
    assert found.meaning == meaning


@pytest.mark.parametrize(
    ("column", "table"),
    [
        ("product_name", "products"),
        ("name", "teams"),
        ("market_cap", "firms"),
        ("order_state", "orders"),
        ("email_count", "people"),
        ("paid_via", "payments"),
        ("host_count", "servers"),
        ("", ""),
    ],
)
def test_names_that_only_resemble_personal_ones_tell_nothing(column, table):
    assert hint_of(column, table) is None


def test_numbers_and_parties_are_told_by_their_words():
    assert number_hint("UnitPrice").meaning == "price"
    assert number_hint("Anzahl").meaning == "quantity"
    assert number_hint("stage") is None
    assert [party_of(t) for t in ("dim_customers", "Lieferanten", "orders")] == [
        "person",
        "company",
        None,
    ]
