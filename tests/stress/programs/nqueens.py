"""Queens on a board: recursion through generators and yield from."""


def solutions(size, columns=()):
    row = len(columns)
    if row == size:
        yield columns
        return
    for column in range(size):
        if all(column != other and abs(column - other) != row - index for index, other in enumerate(columns)):
            yield from solutions(size, (*columns, column))


def drawn(columns):
    return ["." * column + "Q" + "." * (len(columns) - column - 1) for column in columns]


found = list_of = []
for number, columns in enumerate(solutions(5)):
    found.append(columns)
    if number < 2:
        for line in drawn(columns):
            print(line)
        print()
print(len(found), found[-1])
