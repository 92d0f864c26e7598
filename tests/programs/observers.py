"""
[('x', 'there')] [('x', 'there')] 2
[('x', 'there'), ('y', 'there')] 1
"""
import weakref
class Subject:
    def __init__(self):
        self.observers = weakref.WeakSet()
    def notify(self, event):
        for observer in [o for o in self.observers]:
            observer.update(event)
class Observer:
    def __init__(self, name, subject):
        self.name, self.seen = name, []
        subject.observers.add(self)
    def update(self, event):
        self.seen.append((event, teleport()))
subject = Subject()
one, two = Observer("one", subject), Observer("two", subject)
subject.notify("x")
print(one.seen, two.seen, len(subject.observers))
del two
teleport()
subject.notify("y")
print(one.seen, len(subject.observers))
