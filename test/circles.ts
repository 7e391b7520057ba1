import { posix } from "node:path";

/** What a file needs of others when it is loaded: imports of types alone are none. */
export function loadsOf(file: string, source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\s+(?!type\b)([^;"]*?)(?:from\s+)?"(\.[^"]+)"/gm);
  return [...statements].flatMap(([, what, target]) =>
    /^\{\s*(type [^,}]+,?\s*)+\}\s*$/.test(what!) ? [] : [posix.join(posix.dirname(file), target!)],
  );
}

/** Each way back from a file to itself, as `a > b > a`. */
export function circles(loads: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(" > "));
    if (at >= 0 || done.has(file)) return;
    for (const next of loads.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of loads.keys()) visit(file, []);
  return found;
}
