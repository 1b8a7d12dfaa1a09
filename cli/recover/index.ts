import { createInterface } from "node:readline/promises";
import { reportTo } from "../../toolchain/progress.ts";
import type { Adopt, Found, Recovery } from "../../toolchain/recover/index.ts";
import type { Command } from "../arguments.ts";
import type { Streams } from "../index.ts";
import { environmentName, environmentOptions } from "../outputs.ts";

/** `messaging recover`: brings an environment back to where `pulumi up` can go on, after anything was killed. */
export const recover: Command = {
  name: "recover",
  operands: { usage: "", most: 0 },
  summary:
    "After an up, destroy or refresh that was killed: release its lock, and settle what was under way by what the brokers have.",
  options: {
    environment: environmentOptions.environment!,
    yes: { summary: "Do not ask: what the skill would make and a broker has already is this environment's." },
    "break-lock": {
      value: "<user@host:pid>",
      summary: "Release the lock of this holder on another machine, which cannot be looked at from here.",
    },
    json: { summary: "Print JSON." },
  },
  run: async ({ options, streams }) => {
    const environment = environmentName(options);
    // The toolchain works on one environment, which it reads from here when it is loaded.
    process.env.MESSAGING_ENVIRONMENT = environment;
    const [{ recover: run }, { stack }] = await Promise.all([
      import("../../toolchain/recover/index.ts"),
      import("../../toolchain/pulumi.ts"),
    ]);
    if (stack !== environment) throw new Error(`the toolchain works on ${stack}, not on ${environment}`);
    // What was found and done is told at the end; while it lasts, only what goes on.
    const recovery = await run(
      { ...reportTo(streams.stderr), say: () => {} },
      {
        breakLock: options["break-lock"],
        adopt: options.yes === undefined ? asking(streams) : () => true,
      },
    );
    streams.stdout.write(
      options.json === undefined ? asText(recovery) : `${JSON.stringify({ environment, ...recovery }, null, 2)}\n`,
    );
    const left = recovery.found.some(({ did }) => did === "left");
    if (left) streams.stderr.write(`${LEFT}\n`);
    return left ? 1 : 0;
  },
};

const LEFT =
  "What was left is refused by pulumi up, as it may be somebody else's. If this environment made it: npx messaging recover --yes.";

/** Asks on a terminal; where nobody can be asked the answer is no. */
const asking =
  ({ stderr }: Streams): Adopt =>
  async (names) => {
    if (!process.stdin.isTTY) return false;
    stderr.write(
      `The skill would make these, and the brokers have them:\n${names.map((name) => `  ${name}\n`).join("")}`,
    );
    stderr.write("Did this environment make all of them, so that it may change and later delete them? Type yes: ");
    const lines = createInterface({ input: process.stdin });
    const answer = await new Promise<string>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
    });
    lines.close();
    return answer.trim() === "yes";
  };

/** A line for each thing that was found. */
export function asText({ released, ended, containers, found }: Recovery): string {
  const lines = [
    ...released.map((holder) => `lock of ${holder}: released`),
    ...ended.map((pid) => `process ${pid}: ended, as its Pulumi is no more`),
    ...containers.map((line) => line.trim()),
    ...found.map((one) => `${one.name}: ${SENTENCES[one.did](one)}`),
  ];
  return `${(lines.length > 0 ? lines : ["nothing to recover"]).join("\n")}\n`;
}

const DOING: Record<string, string> = { creating: "made", updating: "changed", deleting: "deleted" };
const doing = ({ was }: Found) => DOING[was] ?? "looked at";

const SENTENCES: Record<Found["did"], (found: Found) => string> = {
  adopted: (found) =>
    found.was === "nothing"
      ? "exists and was not noted; it is in the state now"
      : "was being made, and exists; it is in the state now",
  dropped: () => "was being made; the next up makes it",
  refreshed: (found) =>
    found.was === "nothing"
      ? "is not as the state said; the state says what it is"
      : `was being ${doing(found)}, and exists; the state says what it is`,
  removed: (found) =>
    found.was === "nothing"
      ? "is gone from the broker; the state does not have it any more"
      : `was being ${doing(found)}, and is gone; the state does not have it any more`,
  left: () => "exists and is not in the state; left",
};
