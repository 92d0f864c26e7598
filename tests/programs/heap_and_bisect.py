"""
{'a': 0, 'b': 1, 'c': 3, 'd': 6}
[1, 2, 4, 5] 2
"""
import heapq, bisect
graph = {"a": {"b": 1, "c": 4}, "b": {"c": 2, "d": 6}, "c": {"d": 3}, "d": {}}
def dijkstra(start):
    distances, heap = {start: 0}, [(0, start)]
    while heap:
        distance, node = heapq.heappop(heap)
        teleport()
        for neighbour, weight in graph[node].items():
            new = distance + weight
            if new < distances.get(neighbour, 1e9):
                distances[neighbour] = new
                heapq.heappush(heap, (new, neighbour))
    return distances
print(dijkstra("a"))
ordered = []
for n in (5, 1, 4, 2):
    bisect.insort(ordered, n)
    teleport()
print(ordered, bisect.bisect(ordered, 3))
