"""The code under test: a small lending library on any SQL database."""

from sqlalchemy import text


def open_loans(connection, member_id):
    """Return the books a member has not brought back."""
    query = text("SELECT isbn FROM loans WHERE member_id = :member AND returned IS NULL")
    return [row.isbn for row in connection.execute(query, {"member": member_id})]


def give_back(connection, member_id, isbn, day):
    """Close the open loans of a book; return how many there were."""
    statement = text(
        "UPDATE loans SET returned = :day "
        "WHERE member_id = :member AND isbn = :isbn AND returned IS NULL AND lent <= :day"
    )
    values = {"member": member_id, "isbn": isbn, "day": day}
    return connection.execute(statement, values).rowcount


def remove_member(connection, member_id):
    """Delete a member who has nothing lent; return whether it was possible."""
    if open_loans(connection, member_id):
        return False
    member = {"member": member_id}
    connection.execute(text("DELETE FROM loans WHERE member_id = :member"), member)
    connection.execute(
        text("UPDATE members SET recommended_by = NULL WHERE recommended_by = :member"), member
    )
    connection.execute(text("DELETE FROM members WHERE id = :member"), member)
    return True
