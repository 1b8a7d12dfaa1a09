// Runs on any Node.js, without packages: it says what is missing, puts it there and hands over to first-run.ts.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const NODE = [20, 19];

process.exitCode = await main();

async function main() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
    console.error(
      `Messaging needs Node.js ${NODE.join(".")} or later, and this is ${process.version}: install one from https://nodejs.org or your system's packages.`,
    );
    return 1;
  }
  if (packagesAreStale()) {
    const code = await installPackages();
    if (code !== 0) return 1;
  }
  return run(process.execPath, ["--import", "tsx", "toolchain/first-run.ts", ...process.argv.slice(2)], "inherit")
    .ended;
}

/** Compares what is installed with what package-lock.json says; what npm may leave out on this machine counts for neither. */
function packagesAreStale() {
  const read = (file) => JSON.parse(readFileSync(`${root}${file}`, "utf8")).packages;
  try {
    const installed = read("node_modules/.package-lock.json");
    return Object.entries(read("package-lock.json")).some(
      ([path, { version, optional, dev, devOptional }]) =>
        path !== "" && !optional && !dev && !devOptional && installed[path]?.version !== version,
    );
  } catch {
    return true;
  }
}

async function installPackages() {
  const start = Date.now();
  const seconds = () => `${Math.round((Date.now() - start) / 1000)} s`;
  console.log("Installing the npm packages of package-lock.json (they are missing or of other versions) ...");
  const timer = setInterval(() => console.log(`  ${seconds()}`), 10_000);
  const npm = run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], "pipe");
  const code = await npm.ended;
  clearInterval(timer);
  if (code === 0) console.log(`  done in ${seconds()}`);
  else console.error(`npm ci failed:\n${npm.output().trimEnd().split("\n").slice(0, 8).join("\n")}`);
  return code;
}

function run(command, args, output) {
  let text = "";
  // npm is a script on Windows.
  const shell = process.platform === "win32" && command === "npm";
  const child = spawn(command, args, {
    cwd: root,
    shell,
    stdio: output === "pipe" ? ["ignore", "pipe", "pipe"] : "inherit",
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (text += data));
  // The child decides when this ends: a Ctrl-C of the terminal reaches it as well, any other signal is handed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const ended = new Promise((resolve) => {
    child.on("error", (error) => {
      text += error.message;
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
  return { ended, output: () => text };
}
