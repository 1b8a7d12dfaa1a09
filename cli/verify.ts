import { type Result, verify as verifyFlows } from "../client/verify/index.ts";
import { planOf } from "../client/verify/plan.ts";
import { shown } from "../skill/index.ts";
import type { Command } from "./arguments.ts";
import type { Streams } from "./index.ts";
import { onEnvironment } from "./live.ts";
import { EnvironmentError, environmentOptions } from "./outputs.ts";
import { table } from "./table.ts";

/** `messaging verify`: whether the live environment keeps what the skill promises. */
export const verify: Command = {
  name: "verify",
  operands: { usage: "[flow...]", most: 1000 },
  summary:
    "Walk a good and a poison message through every flow of the live environment, as its apps, and clean up. Exit code 1: a promise is broken; 2: a broker does not answer, whatever was found of the others.",
  options: {
    ...environmentOptions,
    "any-consumer": { summary: "Send canaries through consumers too that may not know them." },
    json: { summary: "Print JSON." },
  },
  run: ({ options, operands, streams }) =>
    onEnvironment({ options, streams }, async ({ outputs: { apps }, brokers, patiently }) => {
      const { checks, channels, unchecked } = planOf(apps);
      const known = [...new Set([...checks, ...channels, ...unchecked].map(({ flow }) => flow))];
      const stranger = operands.find((flow) => !known.includes(flow));
      if (stranger !== undefined)
        throw new EnvironmentError(
          `flow: must be one of the environment (${known.join(", ") || "none"}), got ${shown(stranger)}`,
        );
      const flows = operands.length > 0 ? operands : known;
      streams.stderr.write(
        `Verifying ${flows.length} flows: the longest takes ${longest(checks.filter(({ flow }) => flows.includes(flow)))} s of waiting.\n`,
      );
      const waiting = progress(flows, streams);
      const results = await verifyFlows({
        apps,
        brokers,
        flows,
        anyConsumer: options["any-consumer"] !== undefined,
        onResult: waiting.done,
        patiently,
      }).finally(waiting.stop);
      streams.stdout.write(`${options.json === undefined ? asText(results) : JSON.stringify(results, null, 2)}\n`);
      const some = (wanted: Result["verdict"]) => results.some(({ verdict }) => verdict === wanted);
      if (some("away")) return 2;
      return some("broken") ? 1 : 0;
    }),
};

const PROGRESS_INTERVAL_MS = 10_000;

/** Tells each result as it comes, and now and then what is still waited for. */
function progress(flows: readonly string[], { stderr }: Streams) {
  const open = new Set(flows);
  const started = performance.now();
  const timer = setInterval(() => {
    stderr.write(`  ${Math.round((performance.now() - started) / 1000)} s, waiting for ${[...open].join(", ")}\n`);
  }, PROGRESS_INTERVAL_MS);
  return {
    done({ flow, consumer, verdict }: Result) {
      open.delete(flow);
      stderr.write(`  ${flow} by ${consumer}: ${verdict}\n`);
    },
    stop: () => clearInterval(timer),
  };
}

const longest = (checks: { delays: number[] }[]): number =>
  Math.ceil(Math.max(0, ...checks.map(({ delays }) => delays.reduce((sum, delay) => sum + delay, 0))) / 1000);

/** The results as a table, and under it what is broken, was skipped or does not answer, and why. */
export function asText(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.flow,
    result.consumer,
    result.verdict,
    result.good?.consumed === undefined ? "" : `${result.good.consumed} x`,
    result.poison === undefined ? "" : `${result.poison.deliveries} x`,
    (result.poison?.delays ?? []).map((delay) => `${(delay / 1000).toFixed(2)} s`).join(", "),
    result.poison === undefined ? "" : `${result.poison.deadLetters} x`,
  ]);
  const count = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const told = results.flatMap(({ flow, consumer, verdict, reasons }) =>
    // What does not answer is told once, whatever flows are on it.
    reasons.map((reason) => (verdict === "away" ? `away: ${reason}` : `${verdict}: ${flow} by ${consumer}: ${reason}`)),
  );
  const reasons = [...new Set(told)];
  const away = count("away");
  return [
    table(["FLOW", "CONSUMER", "VERDICT", "GOOD", "POISON", "RETRIES AFTER", "DEAD LETTER"], rows),
    ...(reasons.length > 0 ? ["", ...reasons] : []),
    "",
    `${count("kept")} kept, ${count("broken")} broken, ${count("skipped")} skipped${away > 0 ? `, ${away} away` : ""}`,
  ].join("\n");
}
