"""Shortest paths by a heap, and breadth first."""

import heapq
from collections import defaultdict, deque


def shortest(graph, start):
    known, heap = {}, [(0, start, [start])]
    while heap:
        distance, place, path = heapq.heappop(heap)
        if place in known:
            continue
        known[place] = distance, path
        for other, length in graph[place].items():
            if other not in known:
                heapq.heappush(heap, (distance + length, other, [*path, other]))
    return known


def breadth_first(graph, start):
    queue, seen = deque([start]), {start: None}
    while queue:
        place = queue.popleft()
        for other in graph[place]:
            if other not in seen:
                seen[other] = place
                queue.append(other)
    return seen


graph = defaultdict(dict)
for a, b, length in [("a", "b", 7), ("a", "c", 3), ("c", "b", 1), ("b", "d", 2), ("c", "d", 8), ("d", "e", 1)]:
    graph[a][b] = graph[b][a] = length
for place, (distance, path) in sorted(shortest(graph, "a").items()):
    print(place, distance, "-".join(path))
print(breadth_first(graph, "e"))
