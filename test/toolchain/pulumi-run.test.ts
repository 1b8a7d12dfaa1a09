import { expect, test } from "vitest";
import { canWaitForLock, diagnosticsOf, readPulumiLine } from "../../toolchain/pulumi-run.ts";

test.each([
  [" +  docker:index:Volume kafka creating (0s) ", { what: "Volume kafka", doing: "creating Volume kafka" }],
  [" +  docker:index:Volume kafka created (0.02s) ", { what: "Volume kafka", done: "created Volume kafka" }],
  [
    " ~  rabbitmq:index:Policy orders updated (0.1s) [diff: ~policy]",
    { what: "Policy orders", done: "updated Policy orders" },
  ],
  [
    " -  kafka:index:Topic user-events deleting (12s) ",
    { what: "Topic user-events", doing: "deleting Topic user-events" },
  ],
  [" +- docker:index:Container kafka replaced (3s) ", { what: "Container kafka", done: "replaced Container kafka" }],
  [" +  pulumi:pulumi:Stack messaging-local created (13s) ", {}],
  ["@ updating.....", {}],
  ["    pulumi:pulumi:Stack messaging-local  ", {}],
  ["Duration: 12s", {}],
])("the line %j says %j", (line, says) => {
  expect(readPulumiLine(line)).toEqual(says);
});

test("of a failed operation the diagnostics are kept, without stack frames and totals", () => {
  const said = [
    "Updating (local):",
    " +  kafka:index:Topic a creating (0s) ",
    "Diagnostics:",
    "  kafka:index:Topic (a):",
    "    error: Topic with this name already exists",
    "    at Object.<anonymous> (/x/index.ts:1:1)",
    "",
    "Resources:",
    "    8 unchanged",
    "Duration: 2s",
  ];
  expect(diagnosticsOf(said)).toMatchInlineSnapshot(`
    "  kafka:index:Topic (a):
        error: Topic with this name already exists"
  `);
});

test("where there are no diagnostics, everything that was said is the reason", () => {
  expect(diagnosticsOf(["error: no stack selected", ""])).toBe("no stack selected");
});

test("a wrong passphrase is told with what to do", () => {
  expect(diagnosticsOf(["error: get stack secrets manager: incorrect passphrase"])).toMatchInlineSnapshot(
    `"The passphrase is not the one that this environment was made with: set PULUMI_CONFIG_PASSPHRASE to that one, or unset it for the one in .state/passphrase."`,
  );
});

test("a lock is waited for where it is in our folder, and an error where another backend keeps it", () => {
  const locked = ["error: the stack is currently locked by 1 lock(s)."];
  expect(canWaitForLock(locked, {})).toBe(true);
  expect(canWaitForLock(locked, { PULUMI_BACKEND_URL: "file:///elsewhere" })).toBe(false);
  expect(canWaitForLock(["error: something else"], {})).toBe(false);
});
