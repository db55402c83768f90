"""The metadata graph: tables as nodes, foreign keys as edges, and the order it implies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from relsynth.errors import Faults, SchemaError
from relsynth.schema.words import ForeignKey, Table


def build_graph(tables: Mapping[str, Table], foreign_keys: Iterable[ForeignKey]) -> nx.MultiDiGraph:
    """Return the graph with an edge parent -> child per foreign key, keyed by its name.

    Parameters
    ----------
    foreign_keys : iterable of ForeignKey
        Keys that name a missing table are left out; `Metadata` refuses them itself.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes carry ``table``, edges carry ``foreign_key``.
    """
    graph = nx.MultiDiGraph()
    for name in sorted(tables):
        graph.add_node(name, table=tables[name])
    for key in sorted(foreign_keys, key=lambda key: key.name):
        if key.parent in tables and key.child in tables:
            graph.add_edge(key.parent, key.child, key=key.name, foreign_key=key)
    return graph


def break_cycles(
    graph: nx.MultiDiGraph, null_shares: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """Choose the foreign keys to defer so that the rest of the graph has no cycle.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        As returned by `build_graph`.
    null_shares : mapping of str to float, optional
        Observed share of nulls per foreign key name; among nullable keys the one with
        most nulls is deferred, because fewest nulls are added by that.

    Returns
    -------
    tuple of str
        Names of the deferred keys, self-references included, sorted.

    Raises
    ------
    SchemaError
        For a cycle in which every key is declared as required and checked at once.
    """
    shares = null_shares or {}
    rest = graph.copy()
    loops = [name for _, _, name in nx.selfloop_edges(rest, keys=True)]
    deferred = set(loops)
    rest.remove_edges_from([(u, v, k) for u, v, k in rest.edges(keys=True) if k in deferred])
    with Faults("schema", SchemaError) as faults:
        while True:
            inner = [
                (u, v, data["foreign_key"])
                for part in nx.strongly_connected_components(rest)
                if len(part) > 1
                for u, v, data in rest.subgraph(part).edges(data=True)
            ]
            if not inner:
                break
            breakable = [e for e in inner if e[2].nullable is not False or e[2].deferrable]
            if not breakable:
                faults.add(_required_cycle(rest))
                break
            parent, child, key = min(
                breakable,
                key=lambda edge: (
                    edge[2].nullable is not True,
                    edge[2].nullable is False,
                    edge[2].context,
                    -shares.get(edge[2].name, 0.0),
                    edge[2].name,
                ),
            )
            rest.remove_edge(parent, child, key=key.name)
            deferred.add(key.name)
    return tuple(sorted(deferred))


def generation_order(graph: nx.MultiDiGraph, deferred: Iterable[str]) -> tuple[str, ...]:
    """Return the tables so that every parent stands before its children.

    Parameters
    ----------
    deferred : iterable of str
        Names of the keys to disregard, as chosen by `break_cycles`.

    Returns
    -------
    tuple of str
        Independent of the order in which tables were declared.
    """
    skip = set(deferred)
    simple = nx.DiGraph()
    simple.add_nodes_from(graph.nodes)
    simple.add_edges_from((u, v) for u, v, name in graph.edges(keys=True) if name not in skip)
    return tuple(nx.lexicographical_topological_sort(simple))


def _required_cycle(graph: nx.MultiDiGraph) -> str:
    cycle = nx.find_cycle(graph)
    keys = [graph.edges[edge]["foreign_key"] for edge in cycle]
    route = " -> ".join([cycle[0][0], *(edge[1] for edge in cycle)])
    names = ", ".join(f"{key.child}.{'+'.join(key.columns)}" for key in keys)
    return (
        f"the tables {route} form a cycle of required foreign keys ({names}): "
        "no row could be written first; declare one of them nullable or deferrable"
    )
