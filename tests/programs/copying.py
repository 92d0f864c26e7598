"""
[1, [2, 3]] [1, [2]] True
('copy', 'there') ('deep', 'there')
"""
import copy, pickle
a = [1, [2]]
shallow, deep = copy.copy(a), copy.deepcopy(a)
teleport()
a[1].append(3)
print(shallow, deep, pickle.loads(pickle.dumps(a)) == a)
class C:
    def __init__(self):
        self.made = 1
    def __copy__(self):
        other = C()
        other.made = "copy", teleport()
        return other
    def __deepcopy__(self, memo):
        other = C()
        other.made = "deep", teleport()
        return other
print(copy.copy(C()).made, copy.deepcopy([C()])[0].made)
