"""Draw the columns of ranked rows given their rank and all their parents."""

from __future__ import annotations

from relsynth.columns.matrix import Matrix
from relsynth.metadata import TablePlan
from relsynth.relational.children.completion import Completion, Known
from relsynth.relational.children.row_model import Given
from relsynth.relational.drawing.draw_links import linked_family
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.database import prefixed
from relsynth.seeding import integer_seed, stream


def complete(
    completion: Completion,
    drawn: DrawnDatabase,
    step: TablePlan,
    context: Matrix,
    sibling: Given | None,
    seed: int,
) -> None:
    """Draw the columns and put them in place of those drawn before.

    Parameters
    ----------
    drawn : DrawnDatabase
        All links of the table are made and its rows are ranked.
    context : Matrix, shape (n_parents, n_context)
        What is known of the generating parents.
    sibling : Given or None
        What is known of every row by that of a sibling table.
    """
    database, table = drawn.database, drawn.fitted[step.table]
    own, keys, further = database.own[table.name], {key.name: key for key in step.linked}, []
    if not len(own):
        return
    for link in (link for link in table.links if link.key in keys and link.extension is not None):
        family = linked_family(keys[link.key], drawn)
        parents = Matrix.join([family, drawn.predicted_values[link.key]])
        further.append(Given(prefixed(parents.take(database.links[link.key]), link.key), ()))
    further += [] if sibling is None else [sibling]
    links = database.links[step.generating.name]
    known = Known.of(database.features_of(table.name), links, context, further)
    made = completion.draw(known, integer_seed(seed, "completed"))
    for name in made.names:
        own.values[:, own.names.index(name)] = made[name]
        shown = table.encoding.encoders[name].decode(made[name], stream(seed, "completed", name))
        drawn.columns[table.name][name] = shown
