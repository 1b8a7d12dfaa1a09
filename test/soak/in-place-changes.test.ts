import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OperatorAccess } from "../../client/operator.ts";
import { type Clone, makeClone, npm, output, pulumi, removeClone, variables } from "../engine/clone.ts";
import { run as command } from "../engine/command.ts";
import { changeSkill } from "../engine/gate.ts";
import { type Account, type Apps, type Flow, traffic } from "./inPlace.ts";
import { CHANGES, type Change, FLOWS } from "./inPlaceChanges.ts";
import { CONTROLS } from "./inPlaceControls.ts";

/** Those of `MESSAGING_SOAK_BROKERS` (comma-separated), else all. */
const chosen = process.env.MESSAGING_SOAK_BROKERS?.split(",") ?? Object.keys(CHANGES);
const PORTS: Record<string, number> = { rabbitmq: 20_400, kafka: 20_420, sqs: 20_440, redis: 20_460 };
/** How long a flow may stand: the longest delay of the skills, and 15 s. */
const STANDSTILL_MS = 5_000 + 15_000;

function expectUnharmed(account: Account): void {
  expect(account).toMatchObject({ lost: 0, wronglyEnded: 0 });
  expect(account.standstill).toBeLessThan(STANDSTILL_MS);
  expect(account.confirmed).toBeGreaterThan(100);
}

for (const broker of chosen) {
  describe(`every change in place, on ${broker}, under consumers from before it whose messages fail`, () => {
    let clone: Clone;
    const flows: Flow[] = FLOWS[broker]!;

    beforeAll(async () => {
      clone = await makeClone(`c-place-${broker}`, PORTS[broker]!, `test/soak/skills/in-place-${broker}.yaml`);
      const started = await npm(clone, "start");
      expect(started.code, started.output).toBe(0);
    });
    afterAll(async () => {
      const down = await npm(clone, "run", "down", "--", "--discard-messages");
      if (down.code !== 0) console.log(down.output);
      else removeClone(clone);
    });

    const up = async () => {
      const { code, output: printed } = await pulumi(clone, "up", "--yes", "--suppress-outputs");
      expect(code, printed).toBe(0);
    };
    const run = async (name: string, change: () => Promise<void>) => {
      const running = await traffic(await output<Apps>(clone, "apps"), flows, name);
      await wait(4_000);
      await change();
      await wait(6_000);
      const account = await running.settle(await output<OperatorAccess>(clone, "operator"), STANDSTILL_MS);
      console.log(
        `  | ${broker} | ${name} | ${Object.values({ ...account, errors: account.errors.join("; ") }).join(" | ")} |`,
      );
      return account;
    };

    it.each(CHANGES[broker]!)("$name", async ({ name, change }: Change) => {
      const account = await run(name, async () => {
        changeSkill(clone, change);
        await up();
        // Nobody has read the new output yet: what the first up kept, another one keeps.
        await up();
      });
      expectUnharmed(account);
    });

    // SQS has the app's IAM role: nothing of ours to rotate.
    it.runIf(broker !== "sqs").each([
      { name: "rotation begun", args: [] },
      // Those that run now have the new credential.
      { name: "rotation finished", args: ["--finish"] },
    ])("$name", async ({ name, args }) => {
      const account = await run(name, async () => {
        for (const app of ["shop", "worker"]) {
          const given = ["messaging", "rotate", app, "-e", clone.environment, ...args];
          const { code, output: printed } = await command("npx", given, { cwd: clone.folder, env: variables(clone) });
          expect(code, printed).toBe(0);
        }
        await up();
        await up();
      });
      expectUnharmed(account);
    });

    // What SQS keeps it keeps for a day.
    it.runIf(broker !== "sqs")("takes away what was kept, once nobody runs with an earlier output", async () => {
      await up();
      expect(await output<unknown>(clone, "former")).toEqual([]);
      expect((await pulumi(clone, "preview", "--expect-no-changes")).code).toBe(0);
    });

    it("is seen to lose where something is lost", async () => {
      const operator = await output<OperatorAccess>(clone, "operator");
      const account = await run("control", async () => {
        await wait(2_000);
        for (let left = 20; left > 0; left--) {
          await CONTROLS[broker]!(clone, operator);
          await wait(300);
        }
      });
      expect(account.lost).toBeGreaterThan(0);
    });
  });
}
