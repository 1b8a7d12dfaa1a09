"""
Keeps LocalStack's SQS queues and their messages over a restart, which its community edition does not.

LocalStack runs this file inside its own process at start, before it listens (it lies in init/start.d). It loads what was saved and
saves again within a second of each change, and once more at shutdown. Each save replaces the file in one step, so a crash leaves the
state of at most a second ago. Written for LocalStack 4.4; not kept are message move tasks (their messages are) and other services.
"""

import base64
import json
import os
import threading
import time

from localstack.aws import handlers
from localstack.runtime import shutdown
from localstack.services.sqs.models import FifoQueue, SqsMessage, StandardQueue, sqs_stores

FILE = "/var/lib/localstack/messaging-sqs.json"
VERSION = 1
SETTLE_SECONDS = 0.25

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


# The file.


def encode(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} cannot be saved")


def decode(value):
    return base64.b64decode(value["$bytes"]) if value.keys() == {"$bytes"} else value


def write(plain):
    temporary = f"{FILE}.new"
    with open(temporary, "w") as file:
        json.dump(plain, file, default=encode)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, FILE)


def read():
    with open(FILE) as file:
        return json.load(file, object_hook=decode)


# When.

changed = threading.Event()
writing = threading.Lock()


def save():
    with writing:
        changed.clear()
        try:
            write(dump_stores())
        except Exception as error:
            # Said once a try, and tried again: a full disk may have room later.
            changed.set()
            print(f"The queues could not be saved in {FILE}: {error}", flush=True)


def move_task_runs():
    """Moves messages without a request."""
    return any(
        task.status in ("CREATED", "RUNNING")
        for _, _, store in sqs_stores.iter_stores()
        for task in list(store.move_tasks.values())
    )


def save_for_ever():
    while True:
        if changed.wait(timeout=SETTLE_SECONDS) or move_task_runs():
            started = time.monotonic()
            save()
            # A large state is saved less often: at most a fifth of the time goes into it.
            time.sleep(max(SETTLE_SECONDS, 4 * (time.monotonic() - started)))


def note_request(_chain, _context, _response):
    changed.set()


def main():
    if os.path.exists(FILE):
        try:
            load_stores(read())
        except Exception as error:
            # Going on would save an empty state over it.
            print(f"The queues saved in {FILE} cannot be read: {error!r}", flush=True)
            os._exit(1)
    handlers.run_custom_response_handlers.append(note_request)
    shutdown.ON_AFTER_SERVICE_SHUTDOWN_HANDLERS.register(save)
    threading.Thread(target=save_for_ever, name="messaging-persistence", daemon=True).start()


main()
