"""Sorted, disjoint spans of time. Pure numbers: which unit is the caller's."""

from collections.abc import Iterable, Iterator

Span = tuple[int, int]


def merged[N: (int, float)](spans: Iterable[tuple[N, N]]) -> list[tuple[N, N]]:
    """Return the spans sorted, those that touch or overlap as one, without empty ones."""
    found: list[tuple[N, N]] = []
    for span in sorted(spans):
        start, end = span
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append(span)
    return found


def without(spans: list[Span], holes: list[Span]) -> list[Span]:
    """Return what of `spans` is in none of `holes`; both merged."""
    found: list[Span] = []
    first = 0
    for start, end in spans:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        left, position = start, first
        while position < len(holes) and holes[position][0] < end:
            if left < holes[position][0]:
                found.append((left, holes[position][0]))
            left = max(left, holes[position][1])
            position += 1
        if left < end:
            found.append((left, end))
    return found


def in_both(one: list[Span], other: list[Span]) -> list[Span]:
    """Return what is in a span of each; both merged."""
    return list(_in_both(one, other))


def _in_both(one: list[Span], other: list[Span]) -> Iterator[Span]:
    left = right = 0
    while left < len(one) and right < len(other):
        start, end = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if start < end:
            yield start, end
        if one[left][1] <= other[right][1]:
            left += 1
        else:
            right += 1
