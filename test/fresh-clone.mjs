// From a fresh clone to the first governed request, by the README's own commands, with the time of each step.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const LIMIT_MS = 600_000;
const top = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "velithon-clone-"));
const folder = join(work, "velithon");
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

const env = { ...process.env, PORT: "0" };
for (const name of Object.keys(env)) if (/^npm_/i.test(name) || name === "INIT_CWD") delete env[name];

/** The commands of the README's block that clones. */
function commandsOf(readme) {
  const [, block] = /^```sh\n(git clone [\s\S]*?)^```$/m.exec(readme) ?? [];
  const lines = (block ?? "").split("\n").map((line) => line.replace(/\s+#.*$/, "").trim());
  return lines.filter(Boolean);
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

function stop(message) {
  console.error(`fresh clone: ${message}`);
  process.exit(1);
}

const [clone, ...commands] = commandsOf(readFileSync(join(top, "README.md"), "utf8"));
const install = commands.find((command) => command === "npm ci");
const start = commands.find((command) => command === "npm start");
if (!clone?.startsWith("git clone ") || !install || !start)
  stop("the README no longer says: git clone, npm ci, npm start");

const began = performance.now();
function step(command, args, cwd) {
  const since = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  if (status !== 0) stop(`${command} ${args.join(" ")} failed\n${stdout}${stderr}`);
  console.log(`${seconds(since).padStart(7)} s  ${command} ${args.join(" ")}`);
}
step("git", ["clone", "--quiet", top, folder], work);
step("npm", ["ci"], folder);

const since = performance.now();
const server = spawn("npm", ["start"], {
  cwd: folder,
  env,
  detached: true,
  stdio: ["ignore", "pipe", "pipe"],
});
process.on("exit", () => {
  try {
    process.kill(-server.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
});
let output = "";
for (const stream of [server.stdout, server.stderr])
  stream.setEncoding("utf8").on("data", (text) => (output += text));
const late = setTimeout(() => stop(`no server within 60 s\n${output}`), 60_000);
server.on("exit", () => stop(`npm start ended\n${output}`));
for (;;) {
  const origin = /listening on (http:\S+)/.exec(output)?.[1];
  if (origin) {
    const response = await fetch(`${origin}/stats`);
    const { requests } = await response.json();
    if (response.status !== 200 || !(requests.inFlight >= 1))
      stop(`the request was not governed: ${response.status}`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
clearTimeout(late);
console.log(`${seconds(since).padStart(7)} s  npm start, to the first answer of a governed request`);
console.log(`${seconds(began).padStart(7)} s  from nothing to a governed request`);
process.exit(0);
