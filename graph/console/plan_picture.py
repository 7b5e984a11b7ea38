"""Pure: where the steps of a plan stand in its picture, and the lines between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graph.console.story import Step

WIDTH: Final = 212
HEIGHT: Final = 58
ACROSS: Final = 54
DOWN: Final = 18
MARGIN: Final = 4


@dataclass(frozen=True)
class Node:
    """A step at its place."""

    step: Step
    x: int
    y: int


@dataclass(frozen=True)
class Edge:
    """What one step takes from another."""

    path: str
    state: str


@dataclass(frozen=True)
class Picture:
    """The whole of it, in the units of an SVG."""

    nodes: list[Node]
    edges: list[Edge]
    width: int
    height: int


def picture_of(steps: Mapping[str, Step]) -> Picture:
    """Columns by how far a step is from the beginning; what comes first stands left."""
    columns = _columns(steps)
    tallest = max((len(one) for one in columns), default=0)
    height = tallest * (HEIGHT + DOWN) - DOWN + 2 * MARGIN
    nodes: dict[str, Node] = {}
    for at, column in enumerate(columns):
        top = (height - len(column) * (HEIGHT + DOWN) + DOWN) // 2
        for row, step in enumerate(column):
            place = MARGIN + at * (WIDTH + ACROSS), top + row * (HEIGHT + DOWN)
            nodes[step.step_id] = Node(step, *place)
    edges = [
        _edge(nodes[before], node)
        for node in nodes.values()
        for before in node.step.depends_on
        if before in nodes
    ]
    width = len(columns) * (WIDTH + ACROSS) - ACROSS + 2 * MARGIN
    return Picture(list(nodes.values()), edges, max(width, 0), max(height, 0))


def _columns(steps: Mapping[str, Step]) -> list[list[Step]]:
    levels: dict[str, int] = {}
    # Plans are checked to have no circles, and list a step after what it needs or not; both end here.
    for _ in steps:
        for step in steps.values():
            needed = [levels.get(one, 0) + 1 for one in step.depends_on if one in steps]
            levels[step.step_id] = max(needed, default=0)
    columns: list[list[Step]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for step in steps.values():
        columns[levels[step.step_id]].append(step)
    return columns


def _edge(start: Node, end: Node) -> Edge:
    x1, y1 = start.x + WIDTH, start.y + HEIGHT // 2
    x2, y2 = end.x, end.y + HEIGHT // 2
    bend = max((x2 - x1) // 2, 12)
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return Edge(path, start.step.state)
