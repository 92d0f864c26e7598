"""
40 there 2
[1, 'there', 3] {'a': 'there'}
x=there y=[5, 6]
9
"""
def f(a, *rest, key=None, **more):
    place = teleport()
    return a, place, len(rest)

def g(n):
    return n * 10

print(*(g(4), *f(4, 5, 6)[1:]))
print([1, f(1)[1], 3], dict(a=f(2, key=3)[1]))
print(f"x={f(1)[1]} y={[5, g(0) or 6]}")
print(g(0) + max(3, len(f(1)[1]) + 4) + (lambda: 0)())
