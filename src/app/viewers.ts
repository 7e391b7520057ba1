import type { Closable, RuntimePort } from "../shared/port.ts";

interface ViewersSettings {
  /** Streams open at the same time. */
  readonly max: number;
  readonly intervalMs: number;
  /** One event, made once for all viewers; asked for only while somebody looks. */
  readonly frame: () => string;
}

/** Bytes that wait for a viewer who reads slowly, before events are left out for it. */
const BACKLOG_BYTES = 65_536;
/** A viewer that read nothing for so many events is gone. */
const MAX_MISSED = 30;

interface Viewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  missed: number;
}

/**
 * Server-sent events for a bounded number of viewers: one timer and one encoded event for all of them, and
 * neither while nobody looks. What a slow viewer does not read in time is left out for it, never kept.
 */
export class Viewers {
  readonly #port: RuntimePort;
  readonly #options: ViewersSettings;
  readonly #viewers = new Set<Viewer>();
  readonly #encoder = new TextEncoder();
  #timer: Closable | undefined;
  #closed = false;

  constructor(port: RuntimePort, options: ViewersSettings) {
    this.#port = port;
    this.#options = options;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** A stream that begins with `first`; `undefined` where there are enough already, or all is over. */
  open(first: string, signal?: AbortSignal): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#viewers.size >= this.#options.max) return undefined;
    let viewer: Viewer;
    const leave = () => this.#leave(viewer);
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          viewer = { controller, missed: 0 };
          this.#viewers.add(viewer);
          controller.enqueue(this.#encoder.encode(first));
        },
        cancel: leave,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BACKLOG_BYTES + first.length }),
    );
    signal?.addEventListener("abort", leave, { once: true });
    this.#timer ??= this.#port.every(this.#options.intervalMs, () => this.#send());
    return stream;
  }

  /** Ends every stream; none opens any more. */
  close(): void {
    this.#closed = true;
    for (const viewer of [...this.#viewers]) this.#end(viewer);
  }

  #send(): void {
    const event = this.#encoder.encode(this.#options.frame());
    for (const viewer of [...this.#viewers]) {
      const { controller } = viewer;
      if ((controller.desiredSize ?? 0) >= event.length) {
        viewer.missed = 0;
        controller.enqueue(event);
      } else if (++viewer.missed >= MAX_MISSED) {
        this.#end(viewer);
      }
    }
  }

  #end(viewer: Viewer): void {
    this.#leave(viewer);
    try {
      viewer.controller.close();
    } catch {
      // Given up by its reader in the same moment.
    }
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#timer?.close();
    this.#timer = undefined;
  }
}
