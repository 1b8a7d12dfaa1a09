import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RabbitmqApi } from "../../client/rabbitmq/api.ts";
import type { ListedQueue } from "../../client/rabbitmq/figures.ts";
import { freshFigures, staleSince } from "../../live/rabbitmqFresh.ts";

let seconds = 0;
const pause = async (milliseconds: number) => {
  seconds += milliseconds / 1000;
};
beforeEach(() => {
  seconds = 0;
  vi.spyOn(Date, "now").mockImplementation(() => seconds * 1000);
});
afterEach(() => vi.restoreAllMocks());

/** How many times something that happens every `interval` seconds, and for the first time after `first`, has happened. */
const times = (interval: number, first: number) => Math.max(0, Math.floor((seconds - first) / interval) + 1);

const figures = { vhost: "v", state: "running", node: "n", leader: "n", messages: 0 };
const quorum = (name: string, reductions: number | undefined): ListedQueue => ({
  ...figures,
  name,
  type: "quorum",
  reductions,
});

/** What is found, and after how many seconds, where the node counts every `interval` seconds. */
async function found(queues: () => ListedQueue[], interval = 5) {
  const list = async (kind: string) =>
    kind === "nodes" ? [{ name: "n", uptime: times(interval, 3) }, { name: "down" }] : queues();
  const all = await freshFigures({ list } as unknown as RabbitmqApi, "v", ({ messages }) => !messages, pause);
  return [Object.fromEntries([...all].map(([name, { fresh }]) => [name, fresh])), seconds];
}

it("Figures of a quorum queue are young when its leader has reported twice, those of others when their node has three times", async () => {
  expect(await found(() => [quorum("q", times(5, 1))])).toEqual([{ q: true }, 6]);
  const classic = { ...figures, name: "c", type: "classic", reductions: 7 };
  expect(await found(() => [classic])).toEqual([{ c: true }, 18]);
});

it("Figures do not get young where the leader hangs, and nobody waits for ever", async () => {
  expect(await found(() => [quorum("q", 7), quorum("r", times(5, 1))])).toEqual([{ q: false, r: true }, 31]);
  expect(await found(() => [quorum("q", undefined)])).toEqual([{ q: false }, 62]);
});

it("Figures that are made every 30 s are waited for", async () => {
  expect(await found(() => [quorum("q", times(30, 1))], 30)).toEqual([{ q: true }, 31]);
});

it("What holds something is not waited for", async () => {
  expect(await found(() => [{ ...quorum("q", 7), messages: 3 }])).toEqual([{ q: false }, 0]);
});

it("A leader that hangs is told from one that works, and only where it reported nothing since the look before", async () => {
  const queues = () =>
    [quorum("works", times(5, 1)), quorum("hangs", 7), { ...quorum("classic", 7), type: "classic" }].map(full);
  const full = (queue: ListedQueue) => ({ ...queue, messages: 3, messages_ready: 3, messages_unacknowledged: 0 });
  const list = async (kind: string) => (kind === "nodes" ? [{ name: "n", uptime: times(5, 3) }] : queues());
  const staleOf = async (before: Record<string, number>) => {
    const api = { list } as unknown as RabbitmqApi;
    return [...(await staleSince(api, "v", queues(), new Map(Object.entries(before)), pause))];
  };
  expect([await staleOf({}), await staleOf({ works: -1, hangs: 6, classic: 7 }), seconds]).toEqual([[], [], 0]);
  const why = "its leader on n does not report, and the last figures (3 messages) are out of date";
  expect(await staleOf({ works: 0, hangs: 7, classic: 7 })).toEqual([["hangs", expect.stringContaining(why)]]);
  expect(seconds).toBe(31);
});
