"""Pancake flips over all permutations."""


def fannkuch(size):
    permutation, count = list(range(size)), [0] * size
    most, checksum, sign = 0, 0, 1
    while True:
        if permutation[0]:
            work, flips = permutation[:], 0
            while first := work[0]:
                work[: first + 1] = work[first::-1]
                flips += 1
            most = max(most, flips)
            checksum += sign * flips
        if sign == 1:
            permutation[0], permutation[1] = permutation[1], permutation[0]
            sign = -1
            continue
        permutation[1], permutation[2] = permutation[2], permutation[1]
        sign = 1
        for index in range(2, size):
            count[index] += 1
            if count[index] <= index:
                break
            count[index] = 0
            if index == size - 1:
                return checksum, most
            permutation.insert(index + 1, permutation.pop(0))


print(fannkuch(4), fannkuch(5))
