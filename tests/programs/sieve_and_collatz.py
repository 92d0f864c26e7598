"""
[2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
[8, 16, 19]
"""
def primes():
    composites, n = {}, 2
    while True:
        if n not in composites:
            teleport() if n < 12 else None
            yield n
            composites[n * n] = [n]
        else:
            for prime in composites.pop(n):
                composites.setdefault(n + prime, []).append(prime)
        n += 1
found = []
for prime in primes():
    if prime > 40:
        break
    found.append(prime)
print(found)
def collatz(n, steps=0):
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
        if steps % 5 == 0:
            teleport()
    return steps
print([collatz(n) for n in (6, 7, 9)])
