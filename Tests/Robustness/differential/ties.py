"""Answers to sorted ranges without the order among key-values that sort alike."""

# etcd's SortTarget → the field that is compared; ordering by key leaves no ties.
SORT_FIELDS = {1: "version", 2: "create_revision", 3: "mod_revision", 4: "value"}
VALUE = 4


def without_ties(request, answer):
    """A copy of the answer to a Range or Txn in which key-values that sort alike stand in the order of their keys. Of
    those that the limit cuts through only the number stays."""
    copy = type(answer)()
    copy.CopyFrom(answer)
    if answer.DESCRIPTOR.name == "RangeResponse":
        _order_range(request, copy)
    elif answer.DESCRIPTOR.name == "TxnResponse":
        _order_txn(request, copy)
    return copy


def _order_txn(request, answer):
    operations = request.success if answer.succeeded else request.failure
    for operation, response in zip(operations, answer.responses):
        if operation.HasField("request_range") and response.HasField("response_range"):
            _order_range(operation.request_range, response.response_range)
        elif operation.HasField("request_txn") and response.HasField("response_txn"):
            _order_txn(operation.request_txn, response.response_txn)


def _order_range(request, answer):
    field = SORT_FIELDS.get(request.sort_target)
    if field is None:
        return
    groups = {}
    # Without the values it cannot be seen which of them are alike: all may be.
    is_hidden = request.sort_target == VALUE and request.keys_only
    for kv in answer.kvs:
        groups.setdefault(None if is_hidden else getattr(kv, field), []).append(kv)
    ordered = []
    for number, group in enumerate(groups.values(), 1):
        group = sorted(group, key=lambda kv: kv.key)
        if answer.more and number == len(groups):
            group = [type(kv)(**({} if is_hidden else {field: getattr(kv, field)})) for kv in group]
        ordered += group
    del answer.kvs[:]
    answer.kvs.extend(ordered)
