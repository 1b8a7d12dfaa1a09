import { readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { ConnectionError } from "../../client/message.ts";
import type { Streams } from "../index.ts";
import { EnvironmentError } from "../outputs.ts";
import { type PulumiRun, pulumiSaid, runPulumi } from "../pulumi.ts";
import { failure } from "./preview.ts";

/** What is to be applied. */
export interface Change {
  environment: string;
  /** The skill's file, and its text before and after. */
  file: string;
  before: string;
  after: string;
}

type RunPulumi = (args: readonly string[]) => Promise<PulumiRun>;

const PROGRESS_INTERVAL_MS = 10_000;

/**
 * Writes the skill's file and runs `pulumi up`. Where that fails, the file and, by a second `up`, the environment are put back as they
 * were, and the error says what state they are in.
 */
export async function apply(change: Change, streams: Streams, run: RunPulumi = runPulumi): Promise<void> {
  const { environment, file, before, after } = change;
  if (readFileSync(file, "utf8") !== before)
    throw new EnvironmentError(
      `${file}: must not change meanwhile, got another text than was read; nothing was applied`,
    );
  // Pulumi is told of an interrupt by the terminal itself, and cancels; then what was made is to be taken back.
  const stay = () => streams.stderr.write("messaging: interrupted: waiting for Pulumi, then everything is put back\n");
  process.on("SIGINT", stay).on("SIGTERM", stay);
  try {
    replace(file, after);
    const done = await up(environment, streams, "pulumi up", run);
    if (done.code === 0) return;
    replace(file, before);
    throw await undone(change, done, streams, run);
  } finally {
    process.off("SIGINT", stay).off("SIGTERM", stay);
  }
}

async function undone(
  { environment, file }: Change,
  failed: PulumiRun,
  streams: Streams,
  run: RunPulumi,
): Promise<Error> {
  const said = saidIn(failed);
  const told = (state: string) => {
    const { message } = failure(`environment ${environment}`, said);
    const sentence = `${message.replace(/\.$/, "")}. ${file} is as it was; ${state}`;
    return failure("", said) instanceof ConnectionError
      ? new ConnectionError(sentence)
      : new EnvironmentError(sentence);
  };
  if (/currently locked|conflict/i.test(said)) return told("nothing was made.");
  streams.stderr.write("messaging: pulumi up failed; taking back what it made\n");
  const back = await up(environment, streams, "pulumi up, back to what was", run);
  if (back.code === 0) return told("so is the environment: what had been made is gone again.");
  return told(
    `the environment is not: taking back what had been made failed too (${saidIn(back)}). Run npx pulumi up --stack ${environment}, which removes it.`,
  );
}

const saidIn = ({ stdout, stderr }: PulumiRun): string => {
  const lines = `${stderr}\n${stdout}`.split("\n").map((line) => line.trim());
  const [first] = lines.filter(
    (line) => line.startsWith("error: ") && !/^error: (update failed|preview failed)/.test(line),
  );
  return first?.replace(/^error: /, "") ?? pulumiSaid(stderr);
};

async function up(environment: string, { stderr }: Streams, doing: string, run: RunPulumi): Promise<PulumiRun> {
  const started = performance.now();
  const timer = setInterval(
    () => stderr.write(`  ${doing}: ${Math.round((performance.now() - started) / 1000)} s\n`),
    PROGRESS_INTERVAL_MS,
  );
  const args = ["up", "--yes", "--suppress-outputs", "--color", "never", "--stack", environment];
  return run(args).finally(() => clearInterval(timer));
}

/** Puts a text in a file's place in one step, with the file's own rights. */
function replace(file: string, text: string): void {
  const real = realpathSync(file);
  const next = `${real}.invoke-${process.pid}`;
  writeFileSync(next, text, { mode: statSync(real).mode & 0o777 });
  renameSync(next, real);
}
