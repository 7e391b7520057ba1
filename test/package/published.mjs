// What works once the packages are published: one command in a folder where nothing is installed.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, check, manifest, run, skip, top, work } from "./command.mjs";
import { checkDocumented } from "./documented.mjs";
import { openRegistry } from "./registry.mjs";

const commands = {
  node: ["npx", "--yes", "velithon"],
  bun: [bin("bun"), "x", "--bun", "velithon"],
  deno: [bin("deno"), "run", "-A", "npm:velithon"],
};

/** Caches of their own: those of this user may have another package of this version. */
function variablesFor(url) {
  const cache = join(work, "caches");
  const [npm, bun, deno] = ["npm", "bun", "deno"].map((name) => join(cache, name));
  return { NPM_CONFIG_REGISTRY: url, NPM_CONFIG_CACHE: npm, BUN_INSTALL_CACHE_DIR: bun, DENO_DIR: deno };
}

const folderOf = (name) => {
  const folder = join(work, name);
  mkdirSync(folder);
  copyFileSync(join(top, "test/host/attached/done.mjs"), join(folder, "done.mjs"));
  return folder;
};

/** What velithon cannot do without: its dependencies, and the peers that are not optional. wasm-pack is for a clone. */
function wantedPackages() {
  const peers = Object.keys(manifest.peerDependencies).filter(
    (name) => !manifest.peerDependenciesMeta[name]?.optional,
  );
  return [manifest.name, ...Object.keys(manifest.dependencies), ...peers].sort();
}

async function checkInstall(variables) {
  const folder = folderOf("installed");
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const { problem } = await run(
    "npm",
    ["install", "--omit=optional", "--no-audit", "--no-fund", manifest.name],
    folder,
    variables,
  );
  if (!check("npm install velithon, from a registry", problem)) return;
  const brought = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
  const [got, wanted] = [brought.sort().join(" "), wantedPackages().join(" ")];
  check("it needs no more than it says", got === wanted ? "" : `${got}; wanted: ${wanted}`);
}

export async function checkPublished(tarballs) {
  const registry = await openRegistry(tarballs);
  if (registry.problem) return skip("what works once it is published", registry.problem);
  const variables = variablesFor(registry.url);
  await checkInstall(variables);
  for (const [runtime, [command, ...words]] of Object.entries(commands)) {
    const folder = folderOf(`published-${runtime}`);
    const doctor = await run(command, [...words, "doctor", "--json"], folder, variables);
    const on = doctor.problem || JSON.parse(doctor.stdout).runtime;
    check(`${runtime}, nothing installed: velithon doctor`, on === runtime ? "" : on);
    const attached = await run(command, [...words, "run", "--attach", "done.mjs"], folder, variables);
    const watched =
      attached.stdout === "once\n" && attached.stderr.includes("velithon: watching this process");
    const said = attached.problem || attached.stdout + attached.stderr;
    check(`${runtime}, nothing installed: velithon run --attach`, watched ? "" : said);
  }
  await checkDocumented(variables);
  registry.close();
}
