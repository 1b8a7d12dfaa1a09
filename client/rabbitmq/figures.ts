/** A queue as the management API lists it. What a broker does not know it leaves out, and some versions say null. */
export interface ListedQueue {
  name: string;
  vhost: string;
  /** `quorum`, `classic` or `stream`. */
  type?: string;
  state?: string;
  /** Where it is led. */
  node?: string;
  leader?: string;
  /** The nodes that should have a copy, and those of them that run; absent for a classic queue. */
  members?: string[];
  online?: string[];
  messages?: number;
  messages_ready?: number;
  messages_unacknowledged?: number;
  consumers?: number;
  /** The work of the process that leads it, in Erlang's measure; a quorum queue's grows with each report, also when nothing happens. */
  reductions?: number;
}

/** Asks for no more than that. With columns the API also does not answer from its cache. */
export const FIGURES = new URLSearchParams({
  columns:
    "name,vhost,type,state,node,leader,members,online,messages,messages_ready,messages_unacknowledged,consumers,reductions",
});

/** What AMQP counts in a queue: 0 and 0 also where a quorum queue's leader did not answer within 250 ms. */
export interface Declared {
  messageCount: number;
  consumerCount: number;
}

/** What is known to be in a queue, and who consumes it. */
export interface Counted {
  ready: number;
  unacknowledged: number;
  consumers: number;
}

/** States of a queue that works; `flow`: its publishers are slowed down. */
const WORKING = ["running", "flow", "idle"];

/**
 * Why a queue's figures say nothing about what it holds, and what to do; undefined where they do. Everything that looks into a queue
 * decides by this: what is not known is not empty.
 */
export function whyUnknown(queue: ListedQueue): string | undefined {
  const { state, type, leader, members, online = [] } = queue;
  const copies = `${online.length} of its ${members?.length} copies run`;
  if (members && online.length <= members.length / 2) {
    return `only ${copies} (${online.join(", ") || "none"}), which is no majority; start the nodes that are down: ${members.filter((one) => !online.includes(one)).join(", ")}`;
  }
  if (state !== undefined && !WORKING.includes(state)) {
    return `its state is ${state}; bring it back to running: start the nodes that are down, and look in their logs`;
  }
  if ((type === "quorum" || type === "stream") && !leader) {
    return "it has no leader; wait until one is elected, or start the nodes that are down";
  }
  if ([queue.messages, queue.messages_ready, queue.messages_unacknowledged].every(isCount)) return undefined;
  return "the broker has no figures of it; where they are turned off (management.disable_stats, management_agent.disable_metrics_collector), turn them on, else try again in some seconds";
}

const isCount = (figure: unknown): figure is number => Number.isFinite(figure);
const count = (figure: unknown): number => (isCount(figure) ? figure : 0);

/** What is said of a queue; the larger figure, but where AMQP counts some: that is of this moment. Whether it says enough: {@link whyUnknown}. */
export function counted(queue: ListedQueue, declared?: Declared): Counted {
  const unacknowledged = count(queue.messages_unacknowledged);
  const listed = Math.max(count(queue.messages_ready), count(queue.messages) - unacknowledged);
  return {
    ready: declared?.messageCount || listed,
    unacknowledged,
    consumers: Math.max(count(queue.consumers), declared?.consumerCount ?? 0),
  };
}

/** Whether a count of AMQP's and these figures already say that a queue is not empty: the leader has answered, with more than nothing. */
export const surelyHolds = (queue: ListedQueue, declared: Declared): boolean =>
  declared.messageCount > 0 || (declared.consumerCount > 0 && count(queue.messages_unacknowledged) > 0);
