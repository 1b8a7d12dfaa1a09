import { shown, toMilliseconds } from "../../skill/index.ts";
import { type Command, type Invocation, UsageError } from "../arguments.ts";
import { expectedThings } from "../drift/expected/index.ts";
import { readState } from "../drift/index.ts";
import { failureOf, onEnvironment } from "../live.ts";
import { environmentName, environmentOptions } from "../outputs.ts";
import { examine } from "./examine.ts";
import { doctorText } from "./text.ts";

/** How long a message may stand still before it counts, unless the user says otherwise: a deploy takes less. */
const AFTER = "1m";

/** `messaging doctor`: what is wrong with the live environment, its cause and its fix. */
export const doctor: Command = {
  name: "doctor",
  operands: { usage: "", most: 0 },
  summary:
    "Look for message loss, lag, duplicates and other troubles on the live brokers, each with its cause and fix. Exit code 1: something was found; 2: a broker does not answer, whatever else was found. Nothing is changed.",
  options: {
    ...environmentOptions,
    state: {
      value: "<file>",
      summary:
        "With --outputs: what `pulumi stack export` printed, for rights, passwords and settings that somebody changed.",
    },
    after: {
      value: "<duration>",
      summary: `How long a message may stand still before it counts, such as 10s or 5m. Default: ${AFTER}.`,
    },
    json: { summary: "Print JSON." },
  },
  run: ({ options, streams }) => {
    const after = afterOf(options.after ?? AFTER);
    // Pulumi reads the state while the brokers are connected to.
    const expected = expectedOf(options, streams);
    expected.catch(() => {});
    return onEnvironment({ options, streams }, async (live) => {
      const findings = await examine(live, { after }, await expected);
      const healthy = findings.length === 0;
      const report = { ...live.worked, healthy, findings };
      streams.stdout.write(`${options.json === undefined ? doctorText(findings) : JSON.stringify(report, null, 2)}\n`);
      // What does not answer may hide more than what was found.
      if (findings.some(({ away }) => away)) return 2;
      return healthy ? 0 : 1;
    });
  },
};

/** What the state says should be on the brokers; nothing, which is told, where only a file of outputs is given or Pulumi does not tell. */
async function expectedOf(options: Record<string, string>, streams: Invocation["streams"]) {
  const without = (why: string) => {
    streams.stderr.write(`messaging: rights, passwords and settings are not compared: ${why}\n`);
    return [];
  };
  if (options.outputs !== undefined && options.state === undefined)
    return without("that needs --state beside --outputs");
  try {
    const { deployment } = await readState(environmentName(options), options.state);
    return expectedThings(deployment.resources ?? []);
  } catch (error) {
    const failure = failureOf(error);
    // A file that was named must be right.
    if (failure === undefined || options.state !== undefined) throw error;
    return without(failure.message);
  }
}

function afterOf(given: string): number {
  if (/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/.test(given)) return toMilliseconds(given);
  throw new UsageError(`--after must be a duration such as 10s or 5m, got ${shown(given)}`, doctor);
}
