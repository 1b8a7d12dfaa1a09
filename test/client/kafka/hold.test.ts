import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { encodeAssignment } from "../../../client/kafka/assignment.ts";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import { hold } from "../../../client/kafka/hold.ts";
import { heartbeatV4, joinGroupV7, leaveGroupV4, syncGroupV5 } from "../../../client/kafka/wire.ts";
import { RefusedError } from "../../../client/message.ts";

const HELD = "another redrive holds the dead letters of kafka/events/mailer";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A group of which somebody else is the leader, until he is gone; `left`: who left it. */
function groupOfAnother() {
  const left: string[] = [];
  let leader = "another";
  const answers = new Map<unknown, (...args: unknown[]) => object>([
    [joinGroupV7.api, () => ({ memberId: "me", generationId: 1, protocolName: "p", leader, members: [] })],
    [
      syncGroupV5.api,
      () => ({ assignment: encodeAssignment(new Map(leader === "me" ? [["events.mailer.dlt", [0]]] : [])) }),
    ],
    [
      heartbeatV4.api,
      () => {
        if (leader === "me") throw Object.assign(new Error(), { apiId: "REBALANCE_IN_PROGRESS" });
        return {};
      },
    ],
    [leaveGroupV4.api, (_group, members) => ({ left: left.push((members as { memberId: string }[])[0]!.memberId) })],
  ]);
  const cluster = {
    coordinator: async () => 1,
    reachable: async () => ({ leaders: new Map(), refused: new Map() }),
    close: async () => {},
    call: async (_node: number, _for: string, api: unknown, ...args: unknown[]) => answers.get(api)!(...args),
  } as unknown as Cluster;
  const isGone = () => {
    leader = "me";
  };
  return { cluster, left, isGone };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it("Dead letters that another run holds are waited for 10 s, and refused then: this one leaves the group", async () => {
  const { cluster, left } = groupOfAnother();
  const refused = hold(cluster, "events.mailer.dlt", HELD).catch((error) => error);
  await settled();
  vi.advanceTimersByTime(9_999);
  await settled();
  expect(left).toEqual([]);
  vi.advanceTimersByTime(1);
  const error = await refused;
  expect(error).toBeInstanceOf(RefusedError);
  expect(error.message).toBe(`Kafka: ${HELD}`);
  expect(left).toEqual(["me"]);
});

it("Dead letters whose holder is gone within 10 s are held then, for as long as they are not released", async () => {
  const { cluster, left, isGone } = groupOfAnother();
  const getting = hold(cluster, "events.mailer.dlt", HELD);
  await settled();
  vi.advanceTimersByTime(9_999);
  isGone();
  const held = await getting;
  vi.advanceTimersByTime(60_000);
  held.check();
  await held.release();
  expect(left).toEqual(["me"]);
});
