"""The spectral norm of an infinite matrix, by power iteration."""

import math


def a_entry(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector, entry):
    return [sum([entry(i, j) * value for j, value in enumerate(vector)]) for i in range(len(vector))]


def spectral_norm(size):
    u = [1.0] * size
    for _ in range(3):
        v = times(times(u, a_entry), lambda i, j: a_entry(j, i))
        u = times(times(v, a_entry), lambda i, j: a_entry(j, i))
    above = below = 0.0
    for a, b in zip(u, v):
        above += a * b
        below += b * b
    return math.sqrt(above / below)


print(f"{spectral_norm(6):.9f}")
