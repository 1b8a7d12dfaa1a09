import { expect, test } from "vitest";
import { outcomes, trialOf } from "../../../toolchain/recover/pending.ts";
import type { Resource, State } from "../../../toolchain/recover/resource.ts";

const urn = (type: string, name: string) => `urn:pulumi:local::messaging::messaging:index:Messaging$${type}::${name}`;
const PROVIDER = "urn:pulumi:local::messaging::pulumi:providers:rabbitmq::rabbitmq";
const provider: Resource = { urn: PROVIDER, type: "pulumi:providers:rabbitmq", custom: true, id: "1" };
const QUEUE = "rabbitmq:index/queue:Queue";
const queue = (name: string): Resource => ({
  urn: urn(QUEUE, name),
  type: QUEUE,
  custom: true,
  inputs: { __defaults: [], name, vhost: "/" },
  provider: `${PROVIDER}::1`,
});
const made = (name: string): Resource => ({ ...queue(name), id: `${name}@/`, outputs: { name, vhost: "/" } });
const pending = (type: string, resource: Resource) => ({ type, resource });
const names = (state: State) => state.resources?.map(({ urn: of }) => of.split("::").at(-1));

test("what was being made is put into the trial as its provider would have noted it", async () => {
  const state = { resources: [provider], pending_operations: [pending("creating", queue("orders"))] };
  expect(await trialOf(state)).toEqual({
    state: { resources: [provider, made("orders")].map((one) => expect.objectContaining(one)) },
    targets: [urn(QUEUE, "orders")],
  });
});

test("passwords are left out, so that the next up sets them", async () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" };
  const USER = "rabbitmq:index/user:User";
  const user = { ...queue("shop"), urn: urn(USER, "shop"), type: USER, inputs: { name: "shop", password: secret } };
  const { state } = await trialOf({ resources: [provider], pending_operations: [pending("creating", user)] });
  expect(state.resources?.at(-1)).toMatchObject({ id: "shop", inputs: { name: "shop" }, outputs: { name: "shop" } });
  expect(JSON.stringify(state)).not.toContain("ciphertext");
});

test("what leaves no trace, and what lacks its provider, is not tried", async () => {
  const CONTAINER = "docker:index/container:Container";
  const container = { ...queue("rabbitmq"), urn: urn(CONTAINER, "rabbitmq"), type: CONTAINER };
  const operations = [pending("creating", container)];
  expect((await trialOf({ resources: [provider], pending_operations: operations })).targets).toEqual([]);
  expect((await trialOf({ resources: [], pending_operations: [pending("creating", queue("a"))] })).targets).toEqual([]);
});

test("what was being changed or deleted is asked about, if the state has it", async () => {
  const state = {
    resources: [provider, made("orders")],
    pending_operations: [
      pending("updating", made("orders")),
      pending("deleting", made("orders")),
      pending("deleting", made("gone")),
    ],
  };
  expect(await trialOf(state)).toEqual({ state: { resources: state.resources }, targets: [urn(QUEUE, "orders")] });
});

test("what was deleted to be replaced gives its place to what replaces it", async () => {
  const old = { ...made("orders"), pendingReplacement: true };
  const { state } = await trialOf({
    resources: [provider, old, made("other")],
    pending_operations: [pending("creating", queue("orders"))],
  });
  expect(names(state)).toEqual(["rabbitmq", "orders", "other"]);
  expect(state.resources?.[1]).not.toHaveProperty("pendingReplacement");
});

test("what is still there beside its replacement is deleted by the next up", async () => {
  const old = { ...made("orders"), id: "orders@elsewhere" };
  const { state } = await trialOf({
    resources: [provider, old],
    pending_operations: [pending("creating", queue("orders"))],
  });
  expect(state.resources?.map(({ id, delete: goes = false }) => [id, goes])).toEqual([
    ["1", false],
    ["orders@elsewhere", true],
    ["orders@/", false],
  ]);
});

test("each operation is told with its end", () => {
  const before = {
    pending_operations: [
      pending("creating", queue("a")),
      pending("creating", queue("b")),
      pending("updating", made("c")),
      pending("deleting", made("d")),
      pending("deleting", made("d")),
    ],
  };
  const found = outcomes(before, { resources: [made("a"), made("c")] });
  expect(found.map(({ name, was, did }) => `${name}: ${was}, ${did}`)).toEqual([
    "rabbitmq queue a: creating, adopted",
    "rabbitmq queue b: creating, dropped",
    "rabbitmq queue c: updating, refreshed",
    "rabbitmq queue d: deleting, removed",
  ]);
});
