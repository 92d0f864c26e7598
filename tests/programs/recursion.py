"""
depth 900 there
sum 405450
"""
import sys
sys.setrecursionlimit(3000)
def down(n):
    if n == 0:
        print("depth 900", teleport())
        return 0
    return n + down(n - 1)
print("sum", down(900))
