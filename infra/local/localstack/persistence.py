"""
Keeps LocalStack's SQS queues and their messages over a restart, which its community edition does not.

LocalStack runs this file inside its own process at start, before it listens (it lies in init/start.d). It loads what was saved and
saves again within a second of each change, and once more at shutdown. Each save replaces the file in one step. What is sent and
deleted is in a journal besides, before it is answered, so a crash loses nothing that was confirmed; receives, visibility and queues
are those of at most a second ago. Written for LocalStack 4.4; not kept are message move tasks (their messages are) and other services.
"""

import functools
import glob
import json
import os
import sys
import threading
import time

from localstack.aws import handlers
from localstack.runtime import shutdown
from localstack.services.sqs.models import FifoQueue, SqsQueue, StandardQueue, sqs_stores

# Beside it, but out of the folder whose files LocalStack runs.
sys.path.insert(0, "/etc/localstack/messaging")
from messaging_queues import (  # noqa: E402
    all_messages,
    decode,
    dump_message,
    dump_stores,
    encode,
    load_message,
    load_stores,
    put_visible,
    take_out,
)

FILE = "/var/lib/localstack/messaging-sqs.json"
# One for each save, by number: what happened while it was written and since. The next save makes it needless.
JOURNALS = f"{FILE}.journal."
SETTLE_SECONDS = 0.25


# The file.


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


# The journal.


class Journal:
    def __init__(self):
        self.lock = threading.Lock()
        self.pending = []
        self.number = max((number_of(path) for path in journals()), default=0) + 1
        self.file = open(f"{JOURNALS}{self.number}", "w")

    def note(self, queue, **what):
        with self.lock:
            self.pending.append({"queue": queue.arn, **what})

    def write(self):
        """What was noted before the call is in the file after it."""
        with self.lock:
            noted, self.pending = self.pending, []
            if noted:
                self.file.write("".join(json.dumps(what, default=encode) + "\n" for what in noted))
                self.file.flush()

    def begin(self):
        """Opens the next file, and returns the ones that a save from now on makes needless."""
        self.write()
        with self.lock:
            needless = journals()
            self.number += 1
            self.file.close()
            self.file = open(f"{JOURNALS}{self.number}", "w")
        return needless


def journals():
    return sorted(glob.glob(f"{glob.escape(JOURNALS)}*"), key=number_of)


def number_of(path):
    return int(path.removeprefix(JOURNALS))


def replay():
    """Puts in what was sent since the last save, and takes out what was deleted; the order of both does not matter."""
    queues = {queue.arn: queue for _, _, store in sqs_stores.iter_stores() for queue in store.queues.values()}
    noted = [what for path in journals() for what in lines_of(path) if what["queue"] in queues]
    gone = {(what["queue"], what["gone"]) for what in noted if "gone" in what}
    there = {(arn, m.message_id) for arn, queue in queues.items() for m in all_messages(queue)}
    for what in noted:
        if "sent" not in what:
            continue
        queue, message = queues[what["queue"]], load_message(what["sent"])
        if isinstance(queue, FifoQueue):
            queue.deduplication.setdefault(message.message_deduplication_id, message)
        if (queue.arn, message.message_id) not in gone | there:
            put_visible(queue, message)
    for queue in queues.values():
        for message in all_messages(queue):
            if (queue.arn, message.message_id) in gone:
                take_out(queue, message)


def lines_of(path):
    with open(path) as file:
        for line in file:
            # A crash may leave half a line, which nobody was told of.
            if line.endswith("\n"):
                yield json.loads(line, object_hook=decode)


def noted_put(put):
    @functools.wraps(put)
    def put_and_note(queue, *args, **kwargs):
        message = put(queue, *args, **kwargs)
        # A duplicate is answered, and not there.
        if not isinstance(queue, FifoQueue) or queue.deduplication.get(message.message_deduplication_id) is message:
            journal.note(queue, sent=dump_message(message))
        return message

    return put_and_note


def noted_remove(remove):
    @functools.wraps(remove)
    def remove_and_note(queue, receipt_handle):
        message = queue.receipts.get(receipt_handle)
        remove(queue, receipt_handle)
        if message is not None:
            journal.note(queue, gone=message.message_id)

    return remove_and_note


def noted_receive(receive):
    @functools.wraps(receive)
    def receive_and_note(queue, *args, **kwargs):
        result = receive(queue, *args, **kwargs)
        # LocalStack puts them into the dead-letter queue next.
        for message in result.dead_letter_messages:
            journal.note(queue, gone=message.message_id)
        return result

    return receive_and_note


journal = Journal()
for kind in (StandardQueue, FifoQueue):
    kind.put = noted_put(kind.put)
    kind.receive = noted_receive(kind.receive)
SqsQueue.remove = noted_remove(SqsQueue.remove)


# When.

changed = threading.Event()
writing = threading.Lock()


def save():
    with writing:
        changed.clear()
        try:
            needless = journal.begin()
            write(dump_stores())
            for path in needless:
                os.remove(path)
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
    journal.write()
    changed.set()


def main():
    if os.path.exists(FILE):
        try:
            load_stores(read())
            replay()
        except Exception as error:
            # Going on would save an empty state over it.
            print(f"The queues saved in {FILE} cannot be read: {error!r}", flush=True)
            os._exit(1)
    save()
    handlers.run_custom_response_handlers.append(note_request)
    shutdown.ON_AFTER_SERVICE_SHUTDOWN_HANDLERS.register(save)
    threading.Thread(target=save_for_ever, name="messaging-persistence", daemon=True).start()


main()
