interface Inner {
  readonly body: { readonly streamOrStatic: unknown } | null;
}

/** Deno's own field of a response, by which it sends it. */
function innerOf(response: Response): Inner | undefined {
  const key = Object.getOwnPropertySymbols(response).find(({ description }) => description === "response");
  return key && (response as unknown as Record<symbol, Inner>)[key];
}

function streams(response: Response): boolean {
  return innerOf(response)!.body?.streamOrStatic instanceof ReadableStream;
}

/** Whether this Deno's responses are as `streams` takes them to be. */
function known(): boolean {
  try {
    const plain = ["", "text", new Uint8Array(1)].map((body) => new Response(body));
    return streams(new Response(new ReadableStream())) && !plain.some(streams);
  } catch {
    return false;
  }
}

/**
 * Whether the body is a stream, or may be one. That `body` tells nothing: it makes a stream of anything. About 1 µs.
 */
export const mayStream: (response: Response) => boolean = known() ? streams : () => true;
