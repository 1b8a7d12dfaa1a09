"""
Shows messages again as soon as their visibility timeout has ended, as SQS does.

LocalStack looks for them once a second, so that a retry is up to a second late. It runs this file at start, as it does the one beside
it. Written for LocalStack 4.4.
"""

import threading
import time

from localstack.services.sqs.models import sqs_stores

LOOK_SECONDS = 0.05


def show():
    for _, _, store in sqs_stores.iter_stores():
        for queue in list(store.queues.values()):
            queue.requeue_inflight_messages()


def show_for_ever():
    while True:
        started = time.monotonic()
        try:
            show()
        except Exception as error:
            # LocalStack itself looks again within a second.
            print(f"Messages in flight could not be looked at: {error!r}", flush=True)
        # Many messages in flight are looked at less often: at most a tenth of the time goes into it.
        time.sleep(max(LOOK_SECONDS, 9 * (time.monotonic() - started)))


threading.Thread(target=show_for_ever, name="messaging-visibility", daemon=True).start()
