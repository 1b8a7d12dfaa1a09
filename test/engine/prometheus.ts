import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { must, run } from "./command.ts";

/** Where prometheus and promtool are: on the PATH, or in Debian's package, taken apart and not installed. */
async function programs(): Promise<{ prometheus: string; promtool: string }> {
  const found = await run("promtool", ["--version"]).catch(() => undefined);
  if (found?.code === 0) return { prometheus: "prometheus", promtool: "promtool" };
  const folder = join(homedir(), ".cache/messaging/prometheus");
  const bin = join(folder, "usr/bin");
  if (!existsSync(join(bin, "promtool"))) {
    mkdirSync(folder, { recursive: true });
    await must("apt-get", ["download", "prometheus"], { cwd: folder });
    const archive = readdirSync(folder).find((name) => name.endsWith(".deb"))!;
    await must("dpkg", ["-x", archive, "."], { cwd: folder });
    rmSync(join(folder, archive));
  }
  return { prometheus: join(bin, "prometheus"), promtool: join(bin, "promtool") };
}

/** Runs promtool in a folder of its own with these files in it. */
export async function promtool(files: Record<string, string>, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "messaging-promtool-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return await run((await programs()).promtool, args, { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Prometheus that scrapes these targets and evaluates these rules every second. */
export interface Server {
  /** The values of an expression's series, now. */
  query(expr: string): Promise<string[]>;
  /** The alerts that sound now, by name and labels. */
  alerts(): Promise<{ state: string; labels: Record<string, string> }[]>;
  stop(): Promise<void>;
}

/** Starts one on 127.0.0.1. */
export async function startPrometheus(port: number, rules: string, scrapes: object[]): Promise<Server> {
  const { prometheus } = await programs();
  const folder = mkdtempSync(join(tmpdir(), "messaging-prometheus-"));
  writeFileSync(join(folder, "rules.yaml"), rules);
  const often = { scrape_interval: "1s", evaluation_interval: "1s" };
  const config = { global: often, rule_files: ["rules.yaml"], scrape_configs: scrapes };
  writeFileSync(join(folder, "prometheus.yml"), stringify(config));
  const child = spawn(
    prometheus,
    [
      "--config.file=prometheus.yml",
      "--storage.tsdb.path=data",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { cwd: folder, stdio: ["ignore", "inherit", "inherit"] },
  );
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const ask = async (path: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: whatever its API answers
    ((await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as { data: any }).data;
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 100; tries++) {
    const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined);
    if (ready?.ok) {
      return {
        query: async (expr) =>
          (await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)).result.map(
            ({ value }: { value: [number, string] }) => value[1],
          ),
        alerts: async () => (await ask("/api/v1/alerts")).alerts,
        stop,
      };
    }
    await wait(200);
  }
  await stop();
  throw new Error("Prometheus did not become ready within 20 s");
}
