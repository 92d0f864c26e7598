"""
0 a x
1 b y
[3, 2] [1]
1 2 3
pairs [('a', 1), ('b', 2)]
files ['l1', 'l2']
"""
for i, (a, b) in enumerate(zip("ab", "xy")):
    teleport()
    print(i, a, b)
left = reversed([1, 2, 3])
seen = []
for n in left:
    seen.append(n)
    if teleport() and n == 2:
        break
print(seen, list(left))
stream = iter((1, 2, 3))
for n in stream:
    print(n, *[x for x in stream if teleport()])
pairs = []
for key, value in {"a": 1, "b": 2}.items():
    teleport()
    pairs.append((key, value))
print("pairs", pairs)
lines = []
for line in map(str.strip, ["l1 ", "l2 "]):
    teleport()
    lines.append(line)
print("files", lines)
