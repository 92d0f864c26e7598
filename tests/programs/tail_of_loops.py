"""
1 absent
[(0, 'w', 1), (1, 'x', 0), (2, 'y', 0), (2, 'y', 1), (3, 'z', 0), (3, 'z', 1)]
[4, 3, 2, 1] [6, 2, 3, 2]
rest [3]
rest [3]
empty there
"""
def find(items, wanted):
    for index, item in enumerate(items):
        if item == wanted:
            teleport()
            break
    else:
        teleport()
        return "absent"
    return index
print(find("abc", "b"), find("abc", "z"))
pairs = []
for a, b in zip(range(4), "wxyz"):
    for c in filter(lambda n: n != a, range(3)):
        if c == 2:
            break
        pairs.append((a, b, c))
        if a == 1:
            teleport()
print(pairs)
def countdown(n):
    while n:
        yield n
        n -= 1
        if n == 2:
            teleport()
print([n for n in countdown(4)], [m * n for m in countdown(2) for n in countdown(3) if m != n])
for _ in range(2):
    for n in (x := iter([1, 2, 3])):
        if teleport() and n == 2:
            print("rest", list(x))
for n in []:
    pass
else:
    print("empty", teleport())
