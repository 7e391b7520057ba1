import * as assert from "uvu/assert";
import type { Ended, RunningServer } from "../server.ts";

export const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

export const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

/** A start that was refused: not 0, and one line on stderr that holds every part. */
export function checkRefused({ code, signal, stderr }: Ended, ...parts: (string | RegExp)[]): void {
  assert.is(signal, null);
  assert.ok(code !== 0 && code !== null, `exit code ${code}`);
  assert.is(lines(stderr).length, 1, `one line on stderr, not:\n${stderr}`);
  for (const part of parts) assert.match(stderr, part);
}

/** Reads a stream that has begun, with a signal sent after its first chunk. */
export async function readAcross(
  server: RunningServer,
  signal: NodeJS.Signals,
): Promise<{ text: string; after: number }> {
  const response = await fetch(`${server.origin}/demo/stream`);
  assert.is(response.status, 200);
  const decoder = new TextDecoder();
  let text = "";
  let chunks = 0;
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (chunks++ === 0) server.kill(signal);
  }
  return { text, after: chunks - 1 };
}
