import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { goIsNewEnough } from "../../toolchain/build.ts";
import { isDebianLike, readEngineState } from "../../toolchain/engine.ts";
import { withFileLock } from "../../toolchain/file-lock.ts";
import { isStale } from "../../toolchain/locks.ts";
import { ensurePassphraseFile, hasOwnPassphrase } from "../../toolchain/passphrase.ts";
import { inodesOf, portProblems, taken } from "../../toolchain/ports.ts";
import { pulumiEnv, pulumiSays } from "../../toolchain/pulumi.ts";
import { pluginRecipes, recipeHash } from "../../toolchain/recipes.ts";
import { table } from "../../toolchain/table.ts";

const folder = mkdtempSync(join(tmpdir(), "messaging-machine-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [0, "28.0.1", "ready"],
  [127, "", "no client"],
  [
    1,
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    "no permission",
  ],
  [
    1,
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "not running",
  ],
])("docker version with code %i and %j means that the engine is %s", (code, said, state) => {
  expect(readEngineState(code, said)).toBe(state);
});

test.each([
  ["ID=debian\n", true],
  ['NAME="Pop!_OS"\nID=pop\nID_LIKE="ubuntu debian"\n', true],
  ["ID=fedora\nPRETTY_NAME=not debian\n", false],
  ["", false],
])("of %j it is said that it takes Debian packages: %s", (release, answer) => {
  expect(isDebianLike(release)).toBe(answer);
});

test.each([
  ["go version go1.26.8 linux/amd64", true],
  ["go version go1.27 darwin/arm64", true],
  ["go version go1.24.4 linux/amd64", false],
  ["go version go2.0 linux/amd64", true],
  ["go version devel", true],
])("%s is new enough: %s", (said, answer) => {
  expect(goIsNewEnough(said)).toBe(answer);
});

test("a port that another process holds is told with its holder and the key that moves it; our own are not", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const wanted = [{ port, broker: "kafka", key: "messaging:local.ports.kafka" }];
  try {
    expect(await portProblems(wanted, new Set([port]))).toEqual([]);
    const [problem] = await portProblems(wanted, new Set());
    expect(problem).toContain(`Port ${port}, which kafka needs, is in use`);
  } finally {
    server.close();
  }
  expect(taken(wanted[0]!, "process 7 (nc)").replaceAll(String(port), "9092")).toMatchInlineSnapshot(
    `"Port 9092, which kafka needs, is in use by process 7 (nc): end that, or set another port as messaging:local.ports.kafka in Pulumi.local.yaml."`,
  );
});

test("the listening socket of a port is found in the kernel's table, and a connection of that port is not", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4343 1 0
   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4444 1 0`;
  expect(inodesOf(table, 8080)).toEqual(["4242"]);
});

test("a lock is stale when its process of this machine is at work no more, and never when it is of another machine", () => {
  const lock = { file: "", pid: 5, hostname: "here", username: "me" };
  expect(isStale(lock, "here", () => false)).toBe(true);
  expect(isStale(lock, "here", () => true)).toBe(false);
  expect(isStale(lock, "there", () => false)).toBe(false);
});

test("under one lock file one piece of work runs at a time, and a lock of a dead process is taken over", async () => {
  const file = join(folder, "lock");
  writeFileSync(file, "999999999");
  const seen: string[] = [];
  const work = (name: string) =>
    withFileLock(
      file,
      () => {},
      async () => {
        seen.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(`${name} ends`);
      },
    );
  await Promise.all([work("a"), work("b")]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test("the passphrase file is made once, for its owner only", () => {
  const file = join(folder, "state", "passphrase");
  ensurePassphraseFile(file);
  const first = readFileSync(file, "utf8");
  ensurePassphraseFile(file);
  expect(first).toMatch(/^[\w-]{43}$/);
  expect(readFileSync(file, "utf8")).toBe(first);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("the user's own passphrase wins, even an empty one, and checkpoints are never skipped", () => {
  expect(hasOwnPassphrase({ PULUMI_CONFIG_PASSPHRASE: "" }, "/clone/passphrase")).toBe(true);
  expect(hasOwnPassphrase({ PULUMI_CONFIG_PASSPHRASE_FILE: "/other" }, "/clone/passphrase")).toBe(true);
  // As the README exports it, before it is there.
  expect(hasOwnPassphrase({ PULUMI_CONFIG_PASSPHRASE_FILE: "/clone/passphrase" }, "/clone/passphrase")).toBe(false);
  expect(pulumiEnv({ PULUMI_CONFIG_PASSPHRASE: "" }).PULUMI_CONFIG_PASSPHRASE_FILE).toBeUndefined();
  const env = pulumiEnv({ PULUMI_SKIP_CHECKPOINTS: "true" });
  expect(env.PULUMI_CONFIG_PASSPHRASE_FILE).toMatch(/\.state.passphrase$/);
  expect(env).not.toHaveProperty("PULUMI_SKIP_CHECKPOINTS");
});

test("Pulumi's errors lose their prefix and empty lines", () => {
  expect(pulumiSays("error: no stack named 'x' found\n\n")).toBe("no stack named 'x' found");
  expect(pulumiSays("")).toBe("Pulumi failed and did not say why.");
});

test("a recipe's hash changes with its files, its options and the platform, and with nothing that is only said", () => {
  const recipe = pluginRecipes.kafka;
  writeFileSync(join(folder, "main.go"), "package main");
  const hash = recipeHash(recipe, folder, "linux-x64");
  expect(recipeHash({ ...recipe, title: "x", takes: "y" }, folder, "linux-x64")).toBe(hash);
  expect(recipeHash({ ...recipe, ldflags: "-s" }, folder, "linux-x64")).not.toBe(hash);
  expect(recipeHash(recipe, folder, "linux-arm64")).not.toBe(hash);
  writeFileSync(join(folder, "main.go"), "package other");
  expect(recipeHash(recipe, folder, "linux-x64")).not.toBe(hash);
});

test("a binary is not built again for another one of its module", () => {
  const module = mkdtempSync(join(folder, "module-"));
  for (const name of ["mine", "other"]) mkdirSync(join(module, name));
  const recipe = { ...pluginRecipes.rabbitmq, package: "./mine" };
  const hash = () => recipeHash(recipe, module, "linux-x64");
  const first = hash();
  writeFileSync(join(module, "other", "main.go"), "package main");
  expect(hash()).toBe(first);
  writeFileSync(join(module, "mine", "main.go"), "package main");
  const second = hash();
  expect(second).not.toBe(first);
  writeFileSync(join(module, "go.mod"), "module m");
  expect(hash()).not.toBe(second);
});

test("a table has its columns in the order that was asked for, as wide as what is in them", () => {
  const rows = [
    { name: "orders", kind: "queue", detail: "quorum" },
    { name: "user-events", kind: "topic", partitions: 6 },
  ];
  expect(`\n${table(["kind", "name", "detail"], rows).join("\n")}\n`).toMatchInlineSnapshot(`
    "
    KIND   NAME         DETAIL
    queue  orders       quorum
    topic  user-events
    "
  `);
});
