import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

export interface OpenBrowser {
  browser: Browser;
  /** Where the browser came from, for the message of a failing test. */
  source: string;
  close(): Promise<void>;
}

const SYSTEM_PATH = "/usr/bin/chromium";
const outDir = fileURLToPath(new URL("out/", import.meta.url));
const packed = join(outDir, "chromium");

// The package's own flags switch off web security and run everything in one process: not what a page sees.
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Unpacks the browser of `@sparticuz/chromium` once. The package unpacks into the temporary folder of its
 * process and takes a half-written file for a whole one, so it runs in a child, into a folder of its own that
 * gets its final name when it is complete. The variable makes it unpack the shared libraries as well.
 */
async function unpack(): Promise<void> {
  if (existsSync(packed)) return;
  const part = join(outDir, `chromium-${process.pid}`);
  await mkdir(part, { recursive: true });
  try {
    const script = 'import c from "@sparticuz/chromium"; await c.executablePath()';
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, TMPDIR: part, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
    });
    await rename(part, packed);
  } catch (error) {
    // Another process may have been faster: then its copy is as good.
    if (!existsSync(packed)) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/**
 * The package's list of fonts names folders of the machine it is made for. Without a font the browser draws
 * text all the same, until a page has an input field: there it aborts.
 */
async function fontsFile(): Promise<string> {
  const file = join(packed, "fonts/here.conf");
  const folders = [join(packed, "fonts"), "/usr/share/fonts"].map((path) => `<dir>${path}</dir>`).join("");
  const text = `<fontconfig>${folders}<cachedir>${join(packed, "fonts/cache")}</cachedir></fontconfig>`;
  if (!existsSync(file)) await writeFile(file, text);
  return file;
}

async function find(): Promise<{ path: string; source: string; env: NodeJS.ProcessEnv }> {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_PATH names "${given}", which does not exist`);
    return { path: given, source: `CHROMIUM_PATH ${given}`, env: process.env };
  }
  if (existsSync(SYSTEM_PATH)) return { path: SYSTEM_PATH, source: SYSTEM_PATH, env: process.env };
  await unpack();
  const libraries = [process.env.LD_LIBRARY_PATH, join(packed, "al2023/lib")].filter(Boolean).join(":");
  return {
    path: join(packed, "chromium"),
    source: "@sparticuz/chromium",
    env: { FONTCONFIG_FILE: await fontsFile(), ...process.env, LD_LIBRARY_PATH: libraries },
  };
}

/** Starts a Chromium with a fresh profile: `CHROMIUM_PATH`, else the system's, else the packaged one. */
export async function openBrowser(): Promise<OpenBrowser> {
  const { path, source, env } = await find();
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const browser = await chromium.launch({
    executablePath: path,
    args: flags,
    env: Object.fromEntries(defined),
    timeout: 60_000,
  });
  return { browser, source, close: () => browser.close() };
}
