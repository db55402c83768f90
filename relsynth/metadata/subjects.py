"""Find the tables whose rows are the people, or firms, to be protected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.metadata.naming import stem, table_words, words_of
from relsynth.schema import Column, Table

if TYPE_CHECKING:
    from relsynth.schema import Schema

_PEOPLE = """
    adult applicant attendee author actor beneficiary borrower buyer candidate child citizen
    client contact customer doctor donor driver employee follower guest individual insured
    inhabitant instructor investor lead learner lecturer lender manager member nurse owner
    participant passenger patient people person physician pilot player policyholder professor
    pupil reader recipient resident respondent salesperson seller staff student subscriber
    supervisor teacher tenant traveler traveller user victim visitor volunteer voter worker
    writer account household family profile kunde kunden klient klienten mitarbeiter
    mitarbeiterin benutzer nutzer patienten patientin passagier schueler schüler lehrer autor
    autoren arzt ärzte aerzte kontakt kontakte mitglied mitglieder gast gäste gaeste studenten
    fahrer spieler angestellte bewerber mieter verkäufer verkaeufer käufer teilnehmer
    versicherter personen personal konto konten haushalt haushalte personne employe employé
    utilisateur passager etudiant étudiant enseignant professeur auteur medecin médecin membre
    joueur salarie salarié eleve élève locataire vendeur acheteur abonne abonné adherent
    adhérent compte foyer menage ménage cliente persona empleado usuario paciente pasajero
    estudiante alumno profesor medico médico miembro socio jugador conductor vendedor
    comprador inquilino cuenta hogar contacto persone dipendente utente paziente passeggero
    studente insegnante professore autore autori membro giocatore venditore acquirente clienti
    utenti pazienti dipendenti studenti conto famiglia pessoa funcionario funcionário usuário
    passageiro aluno jogador conta membros klant klanten medewerker gebruiker patiënt leerling
    lid leden speler huurder rekening klienci osoba osoby pracownik pracownicy uzytkownik
    użytkownik uzytkownicy użytkownicy pacjent pacjenci uczen uczeń konto клиент клиенты
    покупатель человек люди сотрудник сотрудники пользователь пользователи пациент пациенты
    студент студенты ученик участник участники игрок водитель аккаунт счет عميل العملاء عملاء
    شخص موظف موظفون الموظفين مستخدم المستخدمين مريض المرضى طالب الطلاب ग्राहक व्यक्ति कर्मचारी
    उपयोगकर्ता मरीज रोगी छात्र सदस्य
    客户 顾客 用户 员工 患者 病人 学生 会员 人员
    職員 客戶 社員 従業員 利用者 ユーザー 会員 個人
"""
_FIRMS = """
    branch business clinic company dealer employer firm franchisee hospital insurer merchant
    organisation organization partner practice reseller retailer shipper shop store supplier
    vendor firma firmen unternehmen lieferant lieferanten händler haendler filiale filialen
    laden entreprise societe société fournisseur magasin boutique empresa proveedor tienda
    comercio negocio azienda ditta fornitore negozio fornecedor loja bedrijf bedrijven
    leverancier winkel firmy dostawca sklep компания компании поставщик магазин организация
    شركة الشركات مورد متجر कंपनी दुकान विक्रेता 公司 供应商 商店 企业 会社 企業 店舗 仕入先
"""
_WORDS = re.findall(r"\S+", _PEOPLE + _FIRMS)
_PARTIES = frozenset(map(stem, _WORDS))
_IDEOGRAPHS = "\u2e80"  # from here on writing puts no spaces between words
# words of languages that write without spaces
_UNSPACED = tuple(word for word in _WORDS if word[0] >= _IDEOGRAPHS)
# Who somebody is, as against how somebody is reached: a row that has one of the first is a person
# whatever the table is called, one that has the second is one unless somebody above it is.
_IDENTITY = {
    "first_name": (
        "first name",
        "firstname",
        "given name",
        "forename",
        "vorname",
        "prenom",
        "nombres",
    ),
    "last_name": (
        "last name",
        "lastname",
        "surname",
        "family name",
        "nachname",
        "apellido",
        "cognome",
        "sobrenome",
        "achternaam",
        "nazwisko",
        "фамилия",
    ),
    "birth date": (
        "birth date",
        "date of birth",
        "birthdate",
        "birthday",
        "dob",
        "born",
        "birth number",
        "geburtsdatum",
        "geburtstag",
        "date naissance",
        "date de naissance",
        "fecha nacimiento",
        "fecha de nacimiento",
        "data nascita",
        "data di nascita",
        "data nascimento",
        "data de nascimento",
        "geboortedatum",
        "data urodzenia",
    ),
    "national number": (
        "ssn",
        "social security",
        "social security number",
        "national id",
        "national number",
        "passport number",
        "passport no",
        "tax id",
        "nif",
        "dni",
        "cpf",
        "codice fiscale",
        "pesel",
        "bsn",
        "aadhaar",
    ),
}
_REACH = {
    "e-mail": ("email", "mail", "email address", "correo", "courriel"),
    "phone": ("phone", "phone number", "telephone", "mobile", "telefon", "telefono", "téléphone"),
}
_IDENTITY_PROVIDERS = frozenset({"first_name", "last_name", "name", "ssn", "date_of_birth"})
_REACH_PROVIDERS = frozenset({"email", "phone_number"})


def find_subjects(metadata: Schema) -> dict[str, str]:
    """Return the tables whose rows are people or firms, and how that is known.

    Parameters
    ----------
    metadata : Schema

    Returns
    -------
    dict of str to str
        The evidence by table, in the order of the schema. Where the schema gives a table the
        role ``"subject"``, only such tables; otherwise those named after people or firms, those
        with the names, birth dates or national numbers of people, and those with e-mail
        addresses or phone numbers whose rows neither belong to another subject nor are its
        details, such as addresses. Sizes play no part.
    """
    declared = [name for name, table in metadata.tables.items() if table.role == "subject"]
    if declared:
        return dict.fromkeys(declared, "as the schema says")
    names = {table_words(name) for name in metadata.tables}
    found = {}
    for name, table in metadata.tables.items():
        if table.role != "reference":
            evidence = _by_name(name, names) or _by_columns(table, _IDENTITY, _IDENTITY_PROVIDERS)
            if evidence:
                found[name] = evidence
    for name, table in metadata.tables.items():
        others = _ancestors(metadata, name) | {key.child for key in metadata.children_of(name)}
        owned = name in found or not others.isdisjoint(found)
        evidence = "" if owned else _by_columns(table, _REACH, _REACH_PROVIDERS)
        if evidence and table.role is None:
            found[name] = evidence
    return {name: found[name] for name in metadata.tables if name in found}


def choose_subjects(metadata: Schema, wished: str | Iterable[str]) -> dict[str, str]:
    """Return the subjects with their evidence: ``"auto"``, or the tables the user names."""
    if wished == "auto":
        return find_subjects(metadata)
    names = [wished] if isinstance(wished, str) else list(wished)
    with Faults("subjects", SchemaError) as faults:
        for name in names:
            if name not in metadata.tables:
                faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
    return {name: "as asked" for name in metadata.tables if name in names}


def describe_subjects(subjects: Mapping[str, str]) -> str:
    """Return one line that says who is protected, loudly where nobody is."""
    if not subjects:
        return "subjects: none found; NOBODY IS PROTECTED: name the subjects, subjects=[...]"
    return "subjects: " + "; ".join(f"{name} ({why})" for name, why in subjects.items())


def is_personal(column: Column) -> bool:
    """Return whether a column tells who somebody is or how to reach them."""
    return column.pii or any(
        _meaning(column, words, providers) is not None
        for words, providers in ((_IDENTITY, _IDENTITY_PROVIDERS), (_REACH, _REACH_PROVIDERS))
    )


def _by_name(name: str, others: Collection[tuple[str, ...]]) -> str:
    """Return the evidence of a name; ``film_actor`` beside ``actor`` is none, but a link."""
    *front, last = table_words(name)
    if last in _PARTIES and not (front and (last,) in others):
        return f"named after people or firms: {last}"
    inside = (word for word in _UNSPACED if word in name)
    return next((f"named after people or firms: {word}" for word in inside), "")


def _by_columns(
    table: Table, meanings: dict[str, tuple[str, ...]], providers: frozenset[str]
) -> str:
    found = {
        name: said
        for name, column in table.columns.items()
        if (said := _meaning(column, meanings, providers)) is not None
    }
    return ", ".join(f"{name} ({said})" for name, said in found.items())


def _meaning(
    column: Column, meanings: dict[str, tuple[str, ...]], providers: frozenset[str]
) -> str | None:
    if column.provider in providers and (column.pii or column.provider != "name"):
        return column.provider
    own = words_of(column.name)
    for meaning, names in meanings.items():
        for name in names:
            words = words_of(name)
            if own[-len(words) :] == words or (len(words) > 1 and own == words[::-1]):
                return meaning
    return None


def _ancestors(metadata: Schema, table: str) -> set[str]:
    above, waiting = set[str](), [table]
    while waiting:
        for key in metadata.parents_of(waiting.pop()):
            if key.parent not in above:
                above.add(key.parent)
                waiting.append(key.parent)
    return above - {table}
