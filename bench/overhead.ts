import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rawProgram, type Step } from "./rawProgram.ts";

/** How much longer `pulumi preview` of the example takes than that of a raw program for the same resources, cold start included. */
const RUNS = 5;
const LIMIT = 1.15;

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "messaging-bench-"));

function projectIn(name: string): string {
  const project = join(folder, name);
  mkdirSync(join(project, ".state"), { recursive: true });
  for (const part of [
    "package.json",
    "tsconfig.json",
    "Pulumi.yaml",
    "Pulumi.local.yaml",
    "skill.yaml",
    "skill",
    "components",
    "provider",
    "infra",
  ]) {
    cpSync(join(root, part), join(project, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  pulumi(project, "stack", "init", "bench");
  cpSync(join(project, "Pulumi.local.yaml"), join(project, "Pulumi.bench.yaml"));
  return project;
}

function pulumi(project: string, ...args: string[]): string {
  const env = {
    ...process.env,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_BACKEND_URL: `file://${project}/.state`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const { status, stdout, stderr } = spawnSync("npx", ["pulumi", ...args, "--non-interactive"], {
    cwd: project,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

function previewSeconds(project: string): number {
  const started = performance.now();
  pulumi(project, "preview", "--stack", "bench");
  return (performance.now() - started) / 1000;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const resources = (steps: Step[]) =>
  steps
    .flatMap(({ newState }) => (newState?.custom && !newState.type.startsWith("pulumi:") ? [newState.type] : []))
    .sort();

try {
  const ours = projectIn("ours");
  const raw = projectIn("raw");
  const steps = JSON.parse(pulumi(ours, "preview", "--stack", "bench", "--json")).steps as Step[];
  writeFileSync(join(raw, "infra/index.ts"), rawProgram(steps));
  const rawSteps = JSON.parse(pulumi(raw, "preview", "--stack", "bench", "--json")).steps as Step[];
  if (JSON.stringify(resources(steps)) !== JSON.stringify(resources(rawSteps)))
    throw new Error("the raw program declares other resources");

  const times = { ours: [] as number[], raw: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    times.ours.push(previewSeconds(ours));
    times.raw.push(previewSeconds(raw));
  }
  const ratio = median(times.ours) / median(times.raw);
  const row = (name: keyof typeof times) =>
    `${name.padEnd(5)} median ${median(times[name]).toFixed(2)} s  (${times[name].map((time) => time.toFixed(2)).join(", ")})`;
  console.log(
    `pulumi preview of ${resources(steps).length} resources, ${RUNS} runs each, in turns\n${row("ours")}\n${row("raw")}`,
  );
  console.log(`ratio ${ratio.toFixed(2)}, limit ${LIMIT}`);
  process.exitCode = ratio <= LIMIT ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
