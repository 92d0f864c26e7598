"""
there
(1, 'there', 2)
['there', 'there']
6
"""
f = lambda: teleport()
print(f())
g = lambda a, *, b=2: (a, f(), b)
print(g(1))
pick = lambda use: use()
print([pick(lambda: teleport()), pick(f)])
print((lambda n: (lambda m: n * m * (1 if teleport() else 0))(2))(3))
