"""
[0, 1, 2] there
[(0, 'there'), (1, 'there')]
{0: 'there', 2: 'there'}
['there']
[[0, 1], [0, 1]]
9 [5, 5]
[0, 2, 4]
"""
print([i for i in range(3)], teleport())
print([(i, teleport()) for i in range(2)])
print({i: teleport() for i in range(3) if i != 1})
print(sorted({teleport() for i in range(2)}))
def nested():
    return [[teleport() and j for j in range(2)] for i in range(2)]
print(nested())
x = 9
def hides():
    x = 5
    values = [x for _ in range(2) if teleport()]
    return values
print(x, hides())
def captured():
    functions = [lambda: i * 2 + (0 if teleport() else 1) for i in range(3)]
    return [functions[k].__closure__[0].cell_contents * k for k in range(3)]
print(captured())
