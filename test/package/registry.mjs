// A registry that has the packed packages as if they were published, and hands everything else on to the real one.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { run } from "./command.mjs";

const hash = (algorithm, encoding, bytes) => createHash(algorithm).update(bytes).digest(encoding);

async function manifestIn(tarball) {
  const { stdout } = await run("tar", ["xOzf", tarball, "package/package.json"]);
  return JSON.parse(stdout);
}

/** Serves until closed. `problem`: why there is none, because the real one does not answer. */
export async function openRegistry(tarballs) {
  const upstream = (await run("npm", ["config", "get", "registry"])).stdout.trim().replace(/\/$/, "");
  const real = await fetch(`${upstream}/valibot`, { signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  if (!real?.ok) return { problem: "the registry of npm does not answer" };
  await real.body?.cancel();
  const own = new Map();
  for (const file of tarballs) {
    const manifest = await manifestIn(file);
    own.set(manifest.name, { manifest, bytes: readFileSync(file) });
  }
  const server = createServer((request, response) => {
    const [name, file] = decodeURIComponent(request.url.slice(1)).split("/-/");
    const published = own.get(name);
    if (!published) return response.writeHead(302, { location: upstream + request.url }).end();
    const { manifest, bytes } = published;
    if (file !== undefined) return response.end(bytes);
    const { version } = manifest;
    const dist = {
      tarball: `http://${request.headers.host}/${name}/-/${name}-${version}.tgz`,
      integrity: `sha512-${hash("sha512", "base64", bytes)}`,
      shasum: hash("sha1", "hex", bytes),
    };
    const versions = { [version]: { ...manifest, dist } };
    // Old enough for clients that wait before they take a new version.
    const time = { [version]: "2020-01-01T00:00:00.000Z" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions, time }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { problem: "", url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
