import { expect, test } from "vitest";
import { blockers, compare, type LiveState, readContainer, readVolume } from "../../toolchain/containers.ts";
import { type Deployment, localState } from "../../toolchain/deployment.ts";

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";

const resource = (type: string, name: string) => ({ urn: `urn:${type}::${name}`, type, outputs: { name } });
const made: Deployment = {
  resources: [
    resource(CONTAINER, "messaging-local-kafka"),
    resource(VOLUME, "messaging-local-kafka"),
    { urn: "urn:topic", type: "kafka:index/topic:Topic", outputs: { name: "user-events" } },
  ],
};
const live = (containers: [string, boolean, string][], volumes: string[], unlabelled: string[] = []): LiveState => ({
  containers: containers.map(([name, running, stack]) => ({ name, running, stack, ports: [] })),
  volumes: [...volumes.map((name) => ({ name, stack: "local" })), ...unlabelled.map((name) => ({ name, stack: "" }))],
});
const nothing = { remove: [], start: [], recreate: [], lost: [], foreign: { containers: [], volumes: [] } };

test("where the engine has what the state says, nothing is to be done, whatever else it has", () => {
  const there = live(
    [
      ["messaging-local-kafka", true, "local"],
      ["messaging-staging-kafka", true, "staging"],
      ["postgres", false, ""],
    ],
    ["messaging-local-kafka"],
    ["pgdata"],
  );
  expect(compare(localState(made), there, "local")).toEqual(nothing);
});

test("a container that does not run is started", () => {
  const there = live([["messaging-local-kafka", false, "local"]], ["messaging-local-kafka"]);
  expect(compare(localState(made), there, "local")).toEqual({ ...nothing, start: ["messaging-local-kafka"] });
});

test("a container that is gone is made anew while its volume is there", () => {
  const repair = compare(localState(made), live([], ["messaging-local-kafka"]), "local");
  expect(repair).toEqual({
    ...nothing,
    recreate: [{ urn: `urn:${CONTAINER}::messaging-local-kafka`, name: "messaging-local-kafka" }],
  });
  expect(blockers(repair)).toEqual([]);
});

test("a volume that is gone stops everything, in a sentence that says what is lost and what to do", () => {
  expect(blockers(compare(localState(made), live([], []), "local")).join("\n")).toMatchInlineSnapshot(
    `"The volume messaging-local-kafka is gone, and with it all that this broker held. Nothing was changed; to make the environment anew, without its data: npm run down, then npm start."`,
  );
});

const interrupted: Deployment = {
  resources: [],
  pending_operations: [
    { type: "creating", resource: { urn: "urn:c", type: CONTAINER, inputs: { name: "messaging-local-kafka" } } },
    { type: "creating", resource: { urn: "urn:v", type: VOLUME, inputs: { name: "messaging-local-redis-a" } } },
    { type: "updating", resource: { urn: "urn:u", type: CONTAINER, inputs: { name: "messaging-local-rabbitmq" } } },
  ],
};

test("a container that an interrupted up made is removed, and its volume is left for the next up to adopt", () => {
  const there = live([["messaging-local-kafka", true, "local"]], ["messaging-local-redis-a"]);
  expect(compare(localState(interrupted), there, "local")).toEqual({ ...nothing, remove: ["messaging-local-kafka"] });
});

test("what an interrupted up left of a stack that was renamed since is removed under its former name", () => {
  const there = live([["messaging-local-kafka", true, "local"]], [], []);
  expect(compare(localState(interrupted), there, "shop")).toEqual({ ...nothing, remove: ["messaging-local-kafka"] });
});

test("a container or volume of such a name without our label is never taken for ours", () => {
  const there = live([["messaging-local-kafka", true, ""]], [], ["messaging-local-redis-a"]);
  expect(compare(localState(interrupted), there, "local")).toEqual({
    ...nothing,
    foreign: { containers: ["messaging-local-kafka"], volumes: ["messaging-local-redis-a"] },
  });
});

test("what an environment has whose name begins with ours is none of our business", () => {
  const there = {
    ...live([["messaging-local-two-kafka", true, "local-two"]], []),
    volumes: [{ name: "messaging-local-two-kafka", stack: "local-two" }],
  };
  expect(compare(localState(undefined), there, "local")).toEqual(nothing);
});

test("containers and volumes of another clone stop everything, in a sentence that says how to be rid of them", () => {
  const there = live([["messaging-local-kafka", true, "local"]], ["messaging-local-kafka"]);
  const repair = compare(localState(undefined), there, "local");
  expect(repair.remove).toEqual([]);
  expect(blockers(repair).join("\n")).toMatchInlineSnapshot(
    `"messaging-local-kafka: there already, and not made from this folder. Run npm run down in the clone that made them, or remove them with what they hold: docker rm --force messaging-local-kafka && docker volume rm messaging-local-kafka"`,
  );
});

test("a line of docker ps is read with each published port once", () => {
  const line =
    "messaging-local-rabbitmq\trunning\tlocal\t127.0.0.1:5672->5672/tcp, 127.0.0.1:15672->15672/tcp, [::1]:5672->5672/tcp, 4369/tcp";
  expect(readContainer(line)).toEqual({
    name: "messaging-local-rabbitmq",
    running: true,
    stack: "local",
    ports: [5672, 15672],
  });
  expect(readContainer("x\texited\t\t")).toEqual({ name: "x", running: false, stack: "", ports: [] });
});

test("a line of docker volume ls is read with our label, where it has one", () => {
  expect(readVolume("messaging-local-kafka\tlocal")).toEqual({ name: "messaging-local-kafka", stack: "local" });
  expect(readVolume("pgdata\t")).toEqual({ name: "pgdata", stack: "" });
});
