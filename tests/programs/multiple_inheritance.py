"""
['Root', 'Right', 'Left', 'Both'] ['Left', 'Right', 'Root', 'there'] ['Both', 'Left', 'Right', 'Root', 'object']
['Left', 'Right', 'Root', 'there', 'mixed'] 1
['Left', 'Right', 'Root', 'there']
"""
class Root:
    def __init__(self, **more):
        teleport()
        self.order = ["Root"]
    def act(self):
        return ["Root", teleport()]
class Left(Root):
    def __init__(self, **more):
        super().__init__(**more)
        self.order.append("Left")
    def act(self):
        return ["Left", *super().act()]
class Right(Root):
    def __init__(self, **more):
        super().__init__(**more)
        teleport()
        self.order.append("Right")
    def act(self):
        return ["Right", *super().act()]
class Both(Left, Right):
    def __init__(self):
        super().__init__(a=1)
        self.order.append("Both")
b = Both()
print(b.order, b.act(), [c.__name__ for c in Both.__mro__])
class Mixin:
    def act(self):
        teleport()
        return super().act() + ["mixed"]
made = type("Made", (Mixin, Both), {"extra": 1})()
print(made.act(), made.extra)
bound = super(Both, b).act
teleport()
print(bound())
