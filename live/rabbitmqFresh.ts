import { setTimeout as wait } from "node:timers/promises";
import type { RabbitmqApi } from "../client/rabbitmq/api.ts";
import { FIGURES, type ListedQueue, whyUnknown } from "../client/rabbitmq/figures.ts";

const LOOK_AGAIN_MS = 1_000;
/** The broker counts every 5 s (collect_statistics_interval, quorum_tick_interval): a queue that works, and one that was made just now, has reported by then. */
const PATIENCE_MS = 30_000;
/** Where it counts more seldom it is waited for as long as this, at most. */
const LONGEST_MS = 180_000;
/** That many later reports are surely younger than the question: the first may have been on its way when it was asked. */
const REPORTS = { queue: 2, node: 3 };

/** What a queue's figures say once they are younger than the question; `fresh` is false where they do not get younger. */
export interface Fresh {
  queue: ListedQueue;
  fresh: boolean;
}

/** Why figures that do not get younger say nothing, and what to do. */
export const stale = ({ type, leader, node }: ListedQueue, messages: number): string =>
  type === "quorum"
    ? `its leader on ${leader} does not report, and the last figures (${messages} messages) are out of date; wait until it works again or another leads, or restart that node`
    : `the node ${node} does not report, and the last figures (${messages} messages) are out of date; wait until it works again, or restart it`;

/** A node as far as it tells the time of its figures. */
interface ListedNode {
  name: string;
  /** Milliseconds that it ran when it counted last. */
  uptime?: number;
}

type Pause = (milliseconds: number) => Promise<unknown>;

/** How often a value that grows with each report was seen to change. */
class Changes {
  #last?: number;
  count = 0;
  see(value: number | undefined): void {
    if (value === undefined || value === this.#last) return;
    if (this.#last !== undefined) this.count++;
    this.#last = value;
  }
}

/**
 * The figures of queues from after this call, by name; those that are gone meanwhile are left out. RabbitMQ says figures without their
 * time, some seconds old where all is well and of any age where a leader hangs. A quorum queue's own report is known by the work that
 * its leader did for it; the others report only when something happens, so the reports of their node are counted.
 */
export async function freshFigures(
  api: RabbitmqApi,
  vhost: string,
  needed: (queue: ListedQueue) => boolean,
  pause = wait as Pause,
): Promise<Map<string, Fresh>> {
  const queues = new Map<string, Changes>();
  const nodes = new Map<string, Changes>();
  const changesOf = (all: Map<string, Changes>, name: string): Changes => {
    const changes = all.get(name) ?? new Changes();
    all.set(name, changes);
    return changes;
  };
  const isFresh = ({ name, type, node = "" }: ListedQueue): boolean =>
    type === "quorum" ? changesOf(queues, name).count >= REPORTS.queue : changesOf(nodes, node).count >= REPORTS.node;
  for (const begun = Date.now(); ; await pause(LOOK_AGAIN_MS)) {
    const [listed = [], running = []] = await Promise.all([
      api.list<ListedQueue>("queues", vhost, FIGURES),
      api.list<ListedNode>("nodes", NODES),
    ]);
    for (const { name, uptime } of running) changesOf(nodes, name).see(uptime);
    for (const { name, reductions } of listed) changesOf(queues, name).see(reductions);
    const waited = Date.now() - begun;
    const nodesCount = running.every(
      ({ name, uptime }) => uptime === undefined || changesOf(nodes, name).count > REPORTS.node,
    );
    const over = waited > LONGEST_MS || (waited > PATIENCE_MS && nodesCount);
    if (over || listed.every((queue) => isFresh(queue) || !needed(queue))) {
      return new Map(listed.map((queue) => [queue.name, { queue, fresh: isFresh(queue) }]));
    }
  }
}

/**
 * Of quorum queues whose leader had done as much work some seconds before, by name: why their figures say nothing, where they do not get
 * younger. A leader that hangs goes on to be listed as running.
 */
export async function staleSince(
  api: RabbitmqApi,
  vhost: string,
  queues: readonly ListedQueue[],
  before: ReadonlyMap<string, number | undefined>,
  pause = wait as Pause,
): Promise<Map<string, string>> {
  const same = queues.filter(
    (one) =>
      one.type === "quorum" && !whyUnknown(one) && before.has(one.name) && before.get(one.name) === one.reductions,
  );
  const isSame = ({ name }: ListedQueue) => same.some((one) => one.name === name);
  const later = same.length > 0 ? await freshFigures(api, vhost, isSame, pause) : new Map<string, Fresh>();
  const hanging = [...later.values()].filter(({ queue, fresh }) => !fresh && isSame(queue));
  return new Map(hanging.map(({ queue }) => [queue.name, stale(queue, queue.messages ?? 0)]));
}

const NODES = new URLSearchParams({ columns: "name,uptime" });
