"""Spheres and a floor, lit by one lamp, drawn with letters."""

import math
from typing import NamedTuple


class Vector(NamedTuple):
    x: float
    y: float
    z: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def __neg__(self):
        return self * -1.0

    def dot(self, other):
        return sum(a * b for a, b in zip(self, other))

    @property
    def length(self):
        return math.sqrt(self.dot(self))

    def unit(self):
        return self * (1 / self.length)

    def mirrored(self, normal):
        return self - normal * (2 * self.dot(normal))


class Sphere:
    def __init__(self, centre, radius, shine=0.0):
        self.centre, self.radius, self.shine = centre, radius, shine

    def distance(self, start, direction):
        across = start - self.centre
        half = across.dot(direction)
        root = half * half - across.dot(across) + self.radius**2
        if root < 0:
            return None
        near = -half - math.sqrt(root)
        return near if near > 1e-6 else None

    def normal(self, point):
        return (point - self.centre).unit()


class Floor:
    shine = 0.2

    def __init__(self, height):
        self.height = height

    def distance(self, start, direction):
        if abs(direction.y) < 1e-9:
            return None
        far = (self.height - start.y) / direction.y
        return far if far > 1e-6 else None

    def normal(self, point):
        return Vector(0.0, 1.0, 0.0)


SHADES = " .:-=+*#%@"
LAMP = Vector(-4.0, 6.0, -4.0)
THINGS = [Sphere(Vector(0.0, 0.0, 5.0), 1.2, 0.3), Sphere(Vector(1.8, -0.4, 4.0), 0.6), Floor(-1.2)]


def nearest(start, direction):
    best = None
    for thing in THINGS:
        distance = thing.distance(start, direction)
        if distance is not None and (best is None or distance < best[0]):
            best = distance, thing
    return best


def light(start, direction, depth=2):
    hit = nearest(start, direction)
    if hit is None:
        return 0.05
    distance, thing = hit
    point = start + direction * distance
    normal = thing.normal(point)
    to_lamp = (LAMP - point).unit()
    shadow = nearest(point + normal * 1e-3, to_lamp)
    plain = 0.1 if shadow else 0.1 + 0.8 * max(0.0, normal.dot(to_lamp))
    if not thing.shine or not depth:
        return plain
    mirrored = light(point + normal * 1e-3, direction.mirrored(normal).unit(), depth - 1)
    return plain * (1 - thing.shine) + mirrored * thing.shine


WIDTH, HEIGHT = 16, 7
for row in range(HEIGHT):
    line = ""
    for column in range(WIDTH):
        aim = Vector((column - WIDTH / 2) / WIDTH * 3, (HEIGHT / 2 - row) / HEIGHT * 2, 2.0)
        value = light(Vector(0.0, 0.0, 0.0), aim.unit())
        line += SHADES[min(int(value * len(SHADES)), len(SHADES) - 1)]
    print(line)
