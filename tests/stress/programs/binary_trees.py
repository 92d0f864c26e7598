"""Trees of tuples, built and counted by recursion."""


def tree(depth):
    return (tree(depth - 1), tree(depth - 1)) if depth else (None, None)


def count(node):
    left, right = node
    return 1 if left is None else 1 + count(left) + count(right)


long_lived = tree(6)
for depth in range(2, 7):
    print(depth, sum([count(tree(depth)) for _ in range(3)]))
print(count(long_lived))
