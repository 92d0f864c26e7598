"""
('middle', 'class', ['middle'], 'middle') global
(7, [0, 1, 2], 'there')
[2, 2, 2]
there
UnboundLocalError
"""
x = "global"
def outer():
    x = "outer"
    def middle():
        nonlocal x
        x = "middle"
        class Inner:
            x = "class"
            y = [x for _ in range(1)]
            teleport()
            def read(self):
                teleport()
                return x
        return Inner
    made = middle()
    teleport()
    return x, made.x, made.y, made().read()
print(outer(), x)
def shadowing(x):
    teleport()
    inner = [x for x in range(3)]
    return x, inner, (lambda x: x)(teleport())
print(shadowing(7))
def late_binding():
    fs = [lambda: i for i in range(3)]
    teleport()
    return [f() for f in fs]
print(late_binding())
def recursive_closure(n):
    def step(k):
        if k == n:
            return teleport()
        return step(k + 1)
    return step(0)
print(recursive_closure(3))
def conditional():
    if teleport():
        value = 1
    del value
    try:
        value
    except UnboundLocalError as error:
        return type(error).__name__
print(conditional())
