"""Makes a failing sequence of operations small: fewer operations, then smaller ones."""

import time

from operations import Operation, smaller


def shrink(operations, fails, seconds):
    """The smallest sequence found in the given time for which `fails` still holds."""
    deadline = time.monotonic() + seconds
    return _simplify(_fewer(operations, fails, deadline), fails, deadline)


def _fewer(operations, fails, deadline):
    """Takes out runs of operations, long ones first."""
    length = max(1, len(operations) // 2)
    while length >= 1:
        start = 0
        removed = False
        while start < len(operations):
            if time.monotonic() > deadline:
                return operations
            candidate = operations[:start] + operations[start + length :]
            if candidate and fails(candidate):
                operations = candidate
                removed = True
            else:
                start += length
        if length == 1 and not removed:
            break
        length = max(1, length // 2) if length > 1 else (1 if removed else 0)
    return operations


def _simplify(operations, fails, deadline):
    """Takes parts out of each operation, as long as one can be spared."""
    progress = True
    while progress:
        progress = False
        for index in reversed(range(len(operations))):
            for candidate in _smaller_operations(operations[index]):
                if time.monotonic() > deadline:
                    return operations
                changed = operations[:index] + [candidate] + operations[index + 1 :]
                if fails(changed):
                    operations = changed
                    progress = True
                    break
    return operations


def _smaller_operations(operation):
    for index in range(len(operation.then)):
        yield Operation(operation.kind, operation.message, operation.stream, operation.then[:index] + operation.then[index + 1 :])
    for message in smaller(operation.message):
        yield Operation(operation.kind, message, operation.stream, operation.then)
