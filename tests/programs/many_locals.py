"""
300 44850 there
jump there 300
"""
source = "def f():\n" + "".join(f"    v{i} = {i}\n" for i in range(300))
source += "    place = teleport()\n    return len(locals()) - 1, sum(v for k, v in locals().items() if k[0] == 'v'), place\n"
exec(source)
print(*f())
source = "def g(n):\n    for i in range(2):\n        place = teleport() if i else None\n        if n:\n"
source += "".join(f"            n = n + {i} - {i}\n" for i in range(300)) + "    return 'jump', place, n\n"
exec(source)
print(*g(300))
