import { capture } from "../command.ts";
import { Failure } from "../failure.ts";
import type { Report } from "../progress.ts";

/**
 * Makes sure that programs are on this machine, by apt where it may be used.
 * @param programs the name of each program and the Debian package that holds it
 * @throws Failure when one is missing and cannot be installed
 */
export async function requirePrograms(programs: Record<string, string>, report: Report): Promise<void> {
  const missing: string[] = [];
  for (const [program, debianPackage] of Object.entries(programs)) {
    const { code } = await capture("sh", ["-c", `command -v ${program}`]);
    if (code !== 0) missing.push(debianPackage);
  }
  if (missing.length === 0) return;

  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  const apt = await capture("sh", ["-c", "command -v apt-get"]);
  if (apt.code !== 0) {
    throw new Failure(
      `Building the brokers' images needs ${missing.join(" and ")}, which this machine's packages must provide.`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Failure(`Building the brokers' images needs ${missing.join(" and ")}: sudo ${install}`);
  }
  await report.step(`Installing ${missing.join(" and ")} by apt`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await capture("apt-get", ["update"], { env });
    const { code, stderr } = await capture("sh", ["-c", install], { env });
    if (code !== 0) throw new Failure(`${install} failed: ${stderr.trimEnd().split("\n").at(-1)}`);
  });
}
