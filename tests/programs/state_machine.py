"""
['a', 'stop', 'b'] running True
['opened', 'opened', 'closed']
"""
class Machine:
    def __init__(self):
        self.state, self.trace = self.idle, []
    def idle(self, event):
        teleport()
        return self.running if event == "go" else self.idle
    def running(self, event):
        self.trace.append(event)
        if event == "stop":
            teleport()
            return self.idle
        return self.running
    def feed(self, event):
        self.state = self.state(event)
m = Machine()
for event in ("x", "go", "a", "stop", "go", "b"):
    m.feed(event)
print(m.trace, m.state.__name__, m.state.__self__ is m)
def coroutine_machine():
    state = "closed"
    while True:
        event = yield state
        teleport()
        state = {"open": "opened", "close": "closed"}.get(event, state)
c = coroutine_machine()
next(c)
print([c.send(e) for e in ("open", "x", "close")])
