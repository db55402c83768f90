"""Find the tables whose rows are the people, or firms, to be protected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.metadata.naming import stem, table_words, words_of
from relsynth.schema import Column, ForeignKey, Table
from relsynth.schema.hints import hint_of, is_plain_name, says_name

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
    business company dealer employer firm franchisee insurer merchant
    organisation organization partner practice reseller retailer shipper supplier
    vendor firma firmen unternehmen lieferant lieferanten händler haendler
    entreprise societe société fournisseur empresa proveedor
    comercio negocio azienda ditta fornitore fornecedor bedrijf bedrijven
    leverancier firmy dostawca компания компании поставщик организация
    شركة الشركات مورد कंपनी विक्रेता 公司 供应商 企业 会社 企業 仕入先
"""
# Shops and clinics: rows that people belong to where there are people, else whose the rows are.
_HOUSES = """
    branch clinic hospital shop store filiale filialen laden magasin boutique tienda negozio loja
    winkel sklep магазин متجر दुकान 商店 店舗
"""
# Where people work, study or are served: of the owner of the data, or known to everybody. Their
# names and addresses are nobody's secret; the people in them are subjects by their own tables.
_UNITS = """
    bureau campus center centre club college council counter court department dept depot
    division embassy facility faculty ministry factory hotel hub kindergarten laboratory lab
    library location office outlet pharmacy plant police ward restaurant school section site
    station substation subsidiary terminal theatre theater unit university venue warehouse
    workshop agency headquarter abteilung abteilungen gericht gerichte verein vereine amt aemter
    ämter apotheke apotheken behoerde behörde behörden bereich fakultaet fakultät fakultaeten
    fakultäten geschaeftsstelle geschäftsstelle geschäftsstellen klinik kliniken krankenhaus
    krankenhaeuser krankenhäuser lager markt maerkte märkte niederlassung niederlassungen
    praxisstandort schule schulen standort standorte stationen werk werke zweigstelle
    zweigstellen agentur agenturen dienststelle dienststellen agence antenne officine tribunal
    mairie clinique departement département dépôt ecole école entrepot entrepôt etablissement
    établissement hopital hôpital succursale usine service universite université agencia almacen
    almacén centro clinica clínica colegio departamento escuela fabrica fábrica facultad
    hospital oficina planta sede sucursal universidad agenzia agenzie cliniche dipartimento
    filiali magazzino magazzini negozi ospedale ospedali reparto reparti scuola scuole sedi
    ufficio uffici universita università stabilimento armazem armazém unidade unidades escola
    escritorio escritório faculdade filial filiais lojas agência afdeling afdelingen bibliotheek
    filiaal filialen kantoor kantoren kliniek locatie locaties magazijn scholen vestiging
    vestigingen winkels ziekenhuis ziekenhuizen apteka biuro dzial dział magazyn oddzial oddział
    oddzialy oddziały placowka placówka placowki placówki sklepy szkola szkoła szkoly szkoły
    szpital szpitale urzad urząd urzedy urzędy wydzial wydział больница больницы аптека отдел
    отделы отделение отделения офис офисы склад склады филиал филиалы школа школы магазины
    университет فرع فروع قسم أقسام مدرسة مدارس مستشفى مستشفيات مكتب مكاتب مستودع शाखा कार्यालय
    विभाग विद्यालय अस्पताल गोदाम 部门 部門 门店 分店 分行 支店 部署 仓库 倉庫 学校 医院 病院
    校区 大学 拠点 営業所
"""
_IDEOGRAPHS = "\u2e80"  # from here on writing puts no spaces between words
# Who somebody is, as against how somebody is reached: a row that has one of the first is a person
# whatever the table is called, one that has the second is one unless somebody above it is.
_IDENTITY = {
    "first_name": ("first name", "firstname", "given name", "forename", "vorname", "prenom"),
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
_WHO = ("first_name", "last_name", "birth date")  # what people have and units have not
_IDENTITY_PROVIDERS = frozenset({"first_name", "last_name", "name", "ssn", "date_of_birth"})
_REACH_PROVIDERS = frozenset({"email", "phone_number"})


class _Names:
    """Words that tables are named by, in several languages."""

    def __init__(self, words: str) -> None:
        listed = re.findall(r"\S+", words)
        self.words = frozenset(map(stem, listed))
        # of languages that write without spaces
        self.unspaced = tuple(word for word in listed if word[0] >= _IDEOGRAPHS)

    def word_of(self, name: str) -> str:
        """Return the word that a name ends with or contains, empty for none."""
        last = table_words(name)[-1]
        inside = (word for word in self.unspaced if word in name)
        return last if last in self.words else next(inside, "")


_PARTIES = _Names(_PEOPLE + _FIRMS)
_PLACES = _Names(_HOUSES + _UNITS)
_HOLDING = _Names(_HOUSES)


def is_unit(table: str) -> bool:
    """Return whether the rows of a table are units such as branches and schools, by its name.

    Examples
    --------
    >>> is_unit("dim_store"), is_unit("Abteilungen"), is_unit("customer_locations")
    (True, True, False)
    """
    others = (word for word in table_words(table) if word in _PARTIES.words)
    return bool(_PLACES.word_of(table)) and not any(others)


def find_subjects(metadata: Schema) -> dict[str, str]:
    """Return the tables whose rows are people or firms, and how that is known.

    Returns
    -------
    dict of str to str
        The evidence by table, in the order of the schema. Where the schema gives a table the
        role ``"subject"``, only such tables; otherwise those named after people or firms, those
        with the names, birth dates or national numbers of people, and those with e-mail
        addresses or phone numbers whose rows neither belong to another subject nor are its
        details, such as addresses. Sizes play no part. Shops and clinics are subjects only
        where nobody else is and they have no names; other units, such as schools, never are.
    """
    declared = [name for name, table in metadata.tables.items() if table.role == "subject"]
    if declared:
        return dict.fromkeys(declared, "as the schema says")
    names = {table_words(name) for name in metadata.tables}
    found = {}
    for name, table in metadata.tables.items():
        if table.role != "reference":
            foreign = {column for key in metadata.parents_of(name) for column in key.columns}
            evidence = _by_name(name, names) or _by_identity(table, foreign)
            if evidence:
                found[name] = evidence
    for name, table in metadata.tables.items():
        others = _ancestors(metadata, name) | {key.child for key in metadata.children_of(name)}
        owned = name in found or not others.isdisjoint(found) or is_unit(name)
        evidence = "" if owned else _by_columns(table.columns.values(), _REACH, _REACH_PROVIDERS)
        if evidence and table.role is None:
            found[name] = evidence
    if not found:
        found = {
            name: f"named after people or firms: {word}"
            for name, table in metadata.tables.items()
            if (word := _HOLDING.word_of(name)) and table.role is None and not _has_name(table)
        }
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


def belongs_to(metadata: Schema, key: ForeignKey) -> bool:
    """Return whether rows belong to those they refer to, as against having a manager there.

    A department refers to the employee who leads it, and employees refer to departments: the
    people belong to the unit.
    """
    return not (is_unit(key.child) and key.child in _ancestors(metadata, key.parent))


def _by_name(name: str, others: Collection[tuple[str, ...]]) -> str:
    """Return the evidence of a name; ``film_actor`` beside ``actor`` is none, but a link."""
    word, words = _PARTIES.word_of(name), table_words(name)
    is_link = word == words[-1] and len(words) > 1 and (word,) in others
    return f"named after people or firms: {word}" if word and not is_link else ""


def _by_identity(table: Table, foreign: Collection[str]) -> str:
    """Return the columns that tell who a row is; a unit may have the name of who leads it."""
    own = [column for column in table.columns.values() if column.name not in foreign]
    if is_unit(table.name):
        phrases = {words_of(phrase) for said in _WHO for phrase in _IDENTITY[said]}
        own = [column for column in own if words_of(column.name) in phrases]
    return _by_columns(own, _IDENTITY, _IDENTITY_PROVIDERS)


def _has_name(table: Table) -> bool:
    return any(says_name(column.name) for column in table.columns.values())


def _by_columns(
    columns: Iterable[Column], meanings: dict[str, tuple[str, ...]], providers: frozenset[str]
) -> str:
    found = {
        column.name: said
        for column in columns
        if (said := _meaning(column, meanings, providers)) is not None
    }
    return ", ".join(f"{name} ({said})" for name, said in found.items())


def _meaning(
    column: Column, meanings: dict[str, tuple[str, ...]], providers: frozenset[str]
) -> str | None:
    if column.provider in providers and (column.provider != "name" or _names_rows(column)):
        return column.provider
    own = words_of(column.name)
    for meaning, names in meanings.items():
        for name in names:
            words = words_of(name)
            if own[-len(words) :] == words or (len(words) > 1 and own == words[::-1]):
                return meaning
    return None


def _names_rows(column: Column) -> bool:
    """Return whether a column of names says who its rows are: not the author of a book."""
    is_told = hint_of(column.name) is not None or is_plain_name(column.name)
    return column.pii and is_told


def _ancestors(metadata: Schema, table: str) -> set[str]:
    above, waiting = set[str](), [table]
    while waiting:
        for key in metadata.parents_of(waiting.pop()):
            if key.parent not in above:
                above.add(key.parent)
                waiting.append(key.parent)
    return above - {table}
