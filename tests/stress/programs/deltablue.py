"""One-way constraints with strengths, planned incrementally: a chain of equalities and a projection."""

from enum import IntEnum


class Strength(IntEnum):
    REQUIRED = 0
    STRONG = 2
    NORMAL = 3
    WEAK = 5


class Variable:
    def __init__(self, name, value=0):
        self.name, self.value = name, value
        self.constraints, self.determined_by = [], None
        self.strength, self.stays = Strength.WEAK, True

    def __repr__(self):
        return f"{self.name}={self.value}"


class Constraint:
    def __init__(self, strength):
        self.strength = strength
        self.output = None

    def add(self, planner):
        for variable in self.variables():
            variable.constraints.append(self)
        planner.incremental_add(self)

    def drop(self, planner):
        for variable in self.variables():
            variable.constraints.remove(self)
        if self.output is not None:
            planner.incremental_remove(self)

    def satisfy(self, mark):
        best = self.choose(mark)
        if best is None:
            if self.strength == Strength.REQUIRED:
                raise ValueError("a required constraint cannot hold")
            return None
        overridden = best.determined_by
        if overridden is not None:
            overridden.output = None
        best.determined_by, self.output = self, best
        best.mark = mark
        best.strength = min([self.strength, *(v.strength for v in self.inputs())], key=int) if self.inputs() else self.strength
        return overridden

    def inputs(self):
        return [variable for variable in self.variables() if variable is not self.output]


class Edit(Constraint):
    def __init__(self, variable, strength=Strength.STRONG):
        super().__init__(strength)
        self.variable = variable

    def variables(self):
        return [self.variable]

    def choose(self, mark):
        return self.variable if self.strength < self.variable.strength else None

    def execute(self):
        pass


class Equal(Constraint):
    def __init__(self, left, right, strength=Strength.REQUIRED):
        super().__init__(strength)
        self.left, self.right = left, right

    def variables(self):
        return [self.left, self.right]

    def choose(self, mark):
        free = [v for v in self.variables() if getattr(v, "mark", None) != mark]
        return max(free, key=lambda v: v.strength, default=None)

    def execute(self):
        other = self.left if self.output is self.right else self.right
        self.output.value = other.value


class Scale(Equal):
    def __init__(self, left, factor, right):
        super().__init__(left, right)
        self.factor = factor

    def execute(self):
        if self.output is self.right:
            self.right.value = self.left.value * self.factor
        else:
            self.left.value = self.right.value // self.factor


class Planner:
    def __init__(self):
        self.mark = 0

    def incremental_add(self, constraint):
        self.mark += 1
        overridden = constraint.satisfy(self.mark)
        self.propagate(constraint)
        while overridden is not None:
            self.propagate(overridden)
            overridden = overridden.satisfy(self.mark)

    def incremental_remove(self, constraint):
        out, constraint.output = constraint.output, None
        out.determined_by, out.strength = None, Strength.WEAK
        for unsatisfied in sorted((c for c in out.constraints if c.output is None), key=lambda c: c.strength):
            self.incremental_add(unsatisfied)

    def propagate(self, constraint):
        if constraint.output is not None:
            constraint.execute()

    def plan_from(self, variable):
        seen, todo, plan = set(), [variable], []
        while todo:
            current = todo.pop()
            for constraint in current.constraints:
                if constraint.output is not None and constraint.output is not current and id(constraint) not in seen:
                    seen.add(id(constraint))
                    plan.append(constraint)
                    todo.append(constraint.output)
        return plan


planner = Planner()
chain = [Variable(f"v{index}") for index in range(8)]
for left, right in zip(chain, chain[1:]):
    Equal(left, right).add(planner)
edit = Edit(chain[0])
edit.add(planner)
plan = planner.plan_from(chain[0])
for value in (3, 7, 11):
    chain[0].value = value
    for constraint in plan:
        constraint.execute()
    print(value, chain[-1], len(plan))
edit.drop(planner)

source, target = Variable("source", 5), Variable("target")
Scale(source, 10, target).add(planner)
for value in range(3):
    source.value = value
    for constraint in planner.plan_from(source):
        constraint.execute()
    print(source, target)
try:
    Equal(source, source).satisfy(None)
    broken = Edit(source, Strength.REQUIRED)
    broken.variable.strength = Strength.REQUIRED
    broken.add(planner)
except ValueError as error:
    print("refused:", error)
