"""
SQS queues as plain values and back. Written for LocalStack 4.4; persistence.py, which LocalStack runs at its start, uses it.
"""

import base64
import heapq
import time

from localstack.services.sqs.models import FifoQueue, SqsMessage, StandardQueue, sqs_stores

VERSION = 1

MESSAGE_FIELDS = (
    "created",
    "visibility_timeout",
    "receive_count",
    "delay_seconds",
    "last_received",
    "first_received",
    "visibility_deadline",
    "priority",
    "sequence_number",
)


# From LocalStack's objects to plain ones.


def dump_stores():
    queues = [
        dump_queue(queue)
        for _, _, store in sqs_stores.iter_stores()
        for queue in list(store.queues.values())
    ]
    return {"version": VERSION, "queues": queues}


def dump_queue(queue):
    with queue.mutex:
        plain = {
            "account": queue.account_id,
            "region": queue.region,
            "name": queue.name,
            # The others are counted when they are asked for.
            "attributes": {k: v for k, v in queue.attributes.items() if not callable(v)},
            "tags": dict(queue.tags),
            "visible": [dump_message(m) for m in visible_messages(queue) if not m.deleted],
            "inflight": [dump_message(m) for m in list(queue.inflight) if not m.deleted],
            "delayed": [dump_message(m) for m in list(queue.delayed) if not m.deleted],
        }
        if isinstance(queue, FifoQueue):
            plain["deduplication_scope"] = queue.deduplication_scope
            plain["deduplication"] = {k: dump_message(m) for k, m in recent(queue.deduplication)}
        return plain


def visible_messages(queue):
    if isinstance(queue, FifoQueue):
        return sorted(m for group in list(queue.message_groups.values()) for m in group.messages)
    return sorted(queue.visible.queue)


def recent(deduplication):
    """What still makes a repetition a duplicate: SQS looks back five minutes."""
    return [(k, m) for k, m in list(deduplication.items()) if m.priority > time.time() - 300]


def dump_message(message):
    plain = {field: getattr(message, field) for field in MESSAGE_FIELDS}
    plain["message"] = message.message
    plain["receipt_handles"] = sorted(message.receipt_handles)
    return plain


# And back.


def load_stores(plain):
    if plain["version"] != VERSION:
        raise ValueError(f"it has version {plain['version']}, this LocalStack reads version {VERSION}")
    for queue in plain["queues"]:
        store = sqs_stores[queue["account"]][queue["region"]]
        store.queues[queue["name"]] = load_queue(queue)


def load_queue(plain):
    kind = FifoQueue if plain["attributes"].get("FifoQueue") == "true" else StandardQueue
    queue = kind(plain["name"], plain["region"], plain["account"], tags=plain["tags"])
    queue.attributes.update(plain["attributes"])
    known = {}

    def load(message):
        loaded = load_message(message)
        known[loaded.message_id] = loaded
        queue.receipts.update((handle, loaded) for handle in loaded.receipt_handles)
        return loaded

    inflight = [load(m) for m in plain["inflight"]]
    if kind is FifoQueue:
        queue.deduplication_scope = plain["deduplication_scope"]
        # Before the visible ones: a group with a message in flight stays closed.
        queue.inflight_groups.update(queue.get_message_group(m.message_group_id) for m in inflight)
    queue.inflight.update(inflight)
    queue.delayed.update(load(m) for m in plain["delayed"])
    for message in plain["visible"]:
        put_visible(queue, load(message))
    if kind is FifoQueue:
        for key, message in plain["deduplication"].items():
            queue.deduplication[key] = known.get(message["message"]["MessageId"]) or load_message(message)
    return queue


def put_visible(queue, message):
    if isinstance(queue, StandardQueue):
        queue.visible.put_nowait(message)
        return
    group = queue.get_message_group(message.message_group_id)
    closed = group in queue.inflight_groups
    if group.empty() and not closed:
        queue.message_group_queue.put_nowait(group)
    group.push(message)


def load_message(plain):
    message = SqsMessage(plain["priority"], plain["message"])
    for field in MESSAGE_FIELDS:
        setattr(message, field, plain[field])
    message.receipt_handles = set(plain["receipt_handles"])
    return message


def all_messages(queue):
    return [*visible_messages(queue), *queue.inflight, *queue.delayed]


def take_out(queue, message):
    queue.delayed.discard(message)
    if message in queue.inflight:
        queue._on_remove_message(message)
        return
    if isinstance(queue, FifoQueue):
        heap = queue.get_message_group(message.message_group_id).messages
    else:
        heap = queue.visible.queue
    if message in heap:
        heap.remove(message)
        heapq.heapify(heap)


# Bytes in JSON.


def encode(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} cannot be saved")


def decode(value):
    return base64.b64decode(value["$bytes"]) if value.keys() == {"$bytes"} else value
