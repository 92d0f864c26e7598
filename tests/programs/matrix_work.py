"""
[[89, 55], [55, 34]]
0
[[1, 3], [2, 4]]
"""
def multiply(a, b):
    return [[sum([x * y for x, y in zip(row, column)]) for column in zip(*b)] for row in a]
def power(matrix, n):
    result = [[int(i == j) for j in range(len(matrix))] for i in range(len(matrix))]
    while n:
        if n & 1:
            result = multiply(result, matrix)
            teleport()
        matrix = multiply(matrix, matrix)
        n >>= 1
    return result
print(power([[1, 1], [1, 0]], 10))
def determinant(m):
    if len(m) == 1:
        teleport()
        return m[0][0]
    return sum([(-1) ** j * m[0][j] * determinant([row[:j] + row[j + 1:] for row in m[1:]]) for j in range(len(m))])
print(determinant([[2, 0, 1], [1, 3, 2], [1, 1, 1]]))
transposed = [list(column) for column in zip(*[[1, 2], [3, 4]]) if teleport()]
print(transposed)
