import { describe, expect, it, vi } from "vitest";
import { ConnectionError } from "../../../client/message.ts";
import { startReceiving } from "../../../client/sqs/receiver.ts";

/** A queue that gives what is put into it, to those who wait and to those who look. */
function fakeQueue() {
  const messages: string[] = [];
  const waiting: ((message: string | undefined) => void)[] = [];
  let looks = 0;
  return {
    put: (...some: string[]) => {
      for (const message of some) {
        const next = waiting.shift();
        if (next) next(message);
        else messages.push(message);
      }
    },
    /** Ends the calls that wait, as their time is over. */
    timeOut: () => {
      for (const next of waiting.splice(0)) next(undefined);
    },
    calls: () => ({ waiting: waiting.length, looks }),
    receive: (waits: boolean) => {
      if (!waits) looks++;
      const message = messages.shift();
      return message !== undefined || !waits
        ? Promise.resolve(message)
        : new Promise<string | undefined>((resolve) => waiting.push(resolve));
    },
  };
}

/** A handler that ends when it is told. */
function slowHands() {
  const open = new Map<string, () => void>();
  return {
    open,
    handle: (message: string, begins = true) =>
      new Promise<void>((resolve) => void open.set(begins ? message : `${message}, given back`, resolve)),
    end: (message: string) => {
      open.get(message)!();
      open.delete(message);
    },
  };
}

const onError = () => {};

describe("a consumer's calls", () => {
  it("are one while nothing comes", async () => {
    const queue = fakeQueue();
    startReceiving({ receive: queue.receive, handle: async () => {}, concurrency: 10, onError });
    await vi.waitFor(() => expect(queue.calls()).toEqual({ waiting: 1, looks: 0 }));
  });

  it("fill as many hands as there are, and no more", async () => {
    const queue = fakeQueue();
    const hands = slowHands();
    startReceiving({ receive: queue.receive, handle: hands.handle, concurrency: 3, onError });
    queue.put("a", "b", "c", "d", "e");
    await vi.waitFor(() => expect([...hands.open.keys()].sort()).toEqual(["a", "b", "c"]));
    hands.end("b");
    await vi.waitFor(() => expect([...hands.open.keys()].sort()).toEqual(["a", "c", "d"]));
  });

  it("go on after one failed, which is told", async () => {
    const queue = fakeQueue();
    const handled: string[] = [];
    const told = vi.fn();
    const receive = vi.fn(queue.receive).mockRejectedValueOnce(new ConnectionError("gone"));
    startReceiving({ receive, handle: async (message) => void handled.push(message), concurrency: 1, onError: told });
    queue.put("a");
    await vi.waitFor(() => expect(handled).toEqual(["a"]));
    expect(told.mock.calls).toEqual([[new ConnectionError("gone")]]);
  });
});

describe("a consumer that is stopped", () => {
  it("waits for the call in progress and for the hands, and makes no other call", async () => {
    const queue = fakeQueue();
    const hands = slowHands();
    const consumer = startReceiving({ receive: queue.receive, handle: hands.handle, concurrency: 2, onError });
    queue.put("a");
    await vi.waitFor(() => expect([[...hands.open.keys()], queue.calls().waiting]).toEqual([["a"], 1]));
    const stopped = vi.fn();
    const ended = consumer.stop().then(stopped);
    // It came while the consumer was stopped: SQS has counted its receive.
    queue.put("b");
    await vi.waitFor(() => expect([...hands.open.keys()]).toEqual(["a", "b, given back"]));
    queue.put("c");
    hands.end("a");
    await vi.waitFor(() => expect([...hands.open.keys()]).toEqual(["b, given back"]));
    expect(stopped).not.toHaveBeenCalled();
    hands.end("b, given back");
    await ended;
    expect([...hands.open.keys(), queue.calls().waiting]).toEqual([0]);
  });

  it("ends at once when its call ends with nothing", async () => {
    const queue = fakeQueue();
    const consumer = startReceiving({ receive: queue.receive, handle: async () => {}, concurrency: 2, onError });
    const ended = consumer.stop();
    queue.timeOut();
    await ended;
    expect(queue.calls().waiting).toBe(0);
  });
});
