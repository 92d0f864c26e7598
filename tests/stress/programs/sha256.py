"""SHA-256 in Python: shifts and masks on integers, constants from roots of primes."""

from fractions import Fraction
from math import isqrt

MASK = 0xFFFFFFFF


def primes():
    found = []
    candidate = 2
    while True:
        if all(candidate % prime for prime in found):
            found.append(candidate)
            yield candidate
        candidate += 1


def cube_root_bits(number):
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        if middle**3 <= number << 96:
            low = middle
        else:
            high = middle - 1
    return low & MASK


def constants():
    source = primes()
    some = [next(source) for _ in range(64)]
    return [cube_root_bits(prime) for prime in some], [isqrt(prime << 64) & MASK for prime in some[:8]]


def turned(word, bits):
    return (word >> bits | word << 32 - bits) & MASK


def rounds(block, state, keys):
    words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for i in range(16, 64):
        early, late = words[i - 15], words[i - 2]
        a = turned(early, 7) ^ turned(early, 18) ^ early >> 3
        b = turned(late, 17) ^ turned(late, 19) ^ late >> 10
        words.append((words[i - 16] + a + words[i - 7] + b) & MASK)
    a, b, c, d, e, f, g, h = state
    for key, word in zip(keys, words):
        one = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & g) + key + word
        two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = one + two & MASK, a, b, c, d + one & MASK, e, f, g
    return [old + new & MASK for old, new in zip(state, (a, b, c, d, e, f, g, h))]


def digest(message):
    keys, state = constants()
    padded = message + b"\x80" + bytes((55 - len(message)) % 64) + (8 * len(message)).to_bytes(8, "big")
    for start in range(0, len(padded), 64):
        state = rounds(padded[start : start + 64], state, keys)
    return "".join(f"{word:08x}" for word in state)


print(digest(b"abc"))
print(Fraction(len(digest(b"")), 3))
