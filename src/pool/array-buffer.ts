import { VelithonError } from "../shared/errors.ts";

/** What `ArrayBuffer` has from ES2024 on. Node 20 has no `transfer`, older browsers have none of it. */
interface ModernBuffer {
  readonly byteLength: number;
  readonly maxByteLength?: number;
  readonly resizable?: boolean;
  transfer?(): ArrayBuffer;
  resize(byteLength: number): unknown;
}

function modern(buffer: ArrayBuffer): ModernBuffer {
  return buffer as unknown as ModernBuffer;
}

/** Moves the bytes of a buffer to a new one: from then on every view of the old one has length 0. */
export type Revoke = (buffer: ArrayBuffer) => ArrayBuffer | undefined;

function outOfMemory(pool: string, bytes: number, cause: unknown): never {
  throw new VelithonError("OUT_OF_MEMORY", `pool ${pool}: the host gave no buffer of ${bytes} bytes`, {
    cause,
  });
}

/** A new buffer: of `byteLength` and able to grow up to `maxByteLength` where `resizable`, else of `maxByteLength`. @throws `OUT_OF_MEMORY` */
export function allocate(
  pool: string,
  byteLength: number,
  maxByteLength: number,
  resizable: boolean,
): ArrayBuffer {
  try {
    if (!resizable) return new ArrayBuffer(maxByteLength);
    const Resizable = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    return new Resizable(byteLength, { maxByteLength });
  } catch (cause) {
    return outOfMemory(pool, maxByteLength, cause);
  }
}

/** @throws `OUT_OF_MEMORY` */
export function resize(pool: string, buffer: ArrayBuffer, byteLength: number): void {
  if (buffer.byteLength === byteLength) return;
  try {
    modern(buffer).resize(byteLength);
  } catch (cause) {
    outOfMemory(pool, byteLength, cause);
  }
}

/** A buffer that was resized to 0 is not detached: its most is not 0. */
export function isDetached(buffer: ArrayBuffer): boolean {
  return (modern(buffer).maxByteLength ?? buffer.byteLength) === 0;
}

/**
 * The fastest way of this runtime. It answers `undefined` where the old buffer could not be detached, or
 * the new one is not of its kind: a host may pin a buffer, or forbid its transfer.
 *
 * A fixed buffer moves by `transfer`, where there is none by `structuredClone`. A resizable one moves by
 * `structuredClone`: V8's `transfer` copies it. What they cost is printed by `npm run bench buffer`: about
 * 0.1 to 0.4 µs for `transfer`, 1 to 3 µs for `structuredClone`, whatever the size on V8. A large buffer
 * costs more on Bun, where each move counts as new memory for its collector.
 */
export function createRevoke(resizable: boolean): Revoke {
  const transfer =
    typeof modern(ArrayBuffer.prototype).transfer === "function"
      ? (buffer: ArrayBuffer) => modern(buffer).transfer!()
      : undefined;
  const clone =
    typeof structuredClone === "function"
      ? (buffer: ArrayBuffer) => structuredClone(buffer, { transfer: [buffer] })
      : undefined;
  const move = resizable ? (clone ?? transfer) : (transfer ?? clone);
  if (move === undefined) return () => undefined;
  return (buffer) => {
    const { maxByteLength } = modern(buffer);
    try {
      const moved = move(buffer);
      const { maxByteLength: most, resizable: grows = false } = modern(moved);
      return most === maxByteLength && grows === resizable && isDetached(buffer) ? moved : undefined;
    } catch {
      return undefined;
    }
  };
}
