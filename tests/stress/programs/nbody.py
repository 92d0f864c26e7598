"""Planets that pull at each other, with conserved energy."""

import math


class Body:
    __slots__ = ("mass", "place", "speed")

    def __init__(self, place, speed, mass):
        self.place, self.speed, self.mass = list(place), list(speed), mass


def energy(bodies):
    total = 0.0
    for index, one in enumerate(bodies):
        total += one.mass * sum([c * c for c in one.speed]) / 2
        for other in bodies[index + 1 :]:
            total -= one.mass * other.mass / math.dist(one.place, other.place)
    return total


def advance(bodies, step):
    for index, one in enumerate(bodies):
        for other in bodies[index + 1 :]:
            across = [a - b for a, b in zip(one.place, other.place)]
            pull = step / math.hypot(*across) ** 3
            for axis, difference in enumerate(across):
                one.speed[axis] -= difference * other.mass * pull
                other.speed[axis] += difference * one.mass * pull
    for body in bodies:
        body.place[:] = [p + s * step for p, s in zip(body.place, body.speed)]


system = [
    Body((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 39.5),
    Body((4.8, -1.2, -0.1), (0.6, 2.8, -0.02), 0.04),
    Body((8.3, 4.1, -0.4), (-1.0, 1.8, 0.008), 0.01),
]
print(f"{energy(system):.9f}")
for _ in range(8):
    advance(system, 0.01)
print(f"{energy(system):.9f}")
