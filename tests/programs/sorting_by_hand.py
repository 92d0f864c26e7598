"""
[1, 2, 3, 4, 5] [1, 2, 3, 4, 5]
[1, 2, 3, 4]
"""
def quicksort(items):
    if len(items) < 2:
        teleport()
        return items
    pivot, *rest = items
    return quicksort([n for n in rest if n < pivot]) + [pivot] + quicksort([n for n in rest if n >= pivot])
def merge(left, right):
    merged = []
    while left and right:
        teleport()
        merged.append((left if left[0] <= right[0] else right).pop(0))
    return merged + left + right
def mergesort(items):
    if len(items) < 2:
        return items
    half = len(items) // 2
    return merge(mergesort(items[:half]), mergesort(items[half:]))
print(quicksort([3, 1, 2, 5, 4]), mergesort([3, 1, 2, 5, 4]))
def bubble(items):
    for end in range(len(items), 1, -1):
        for i in range(end - 1):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]
                teleport()
    return items
print(bubble([4, 2, 3, 1]))
