/**
 * A factory of one's own: buffers that grow as they are written. `reset` returns a replacement for one that
 * has grown too far, so that one large response does not stay in the pool for good.
 */
import { Hono } from "hono";
import {
  getMemoryOptimizer,
  memoryOptimization,
  type ObjectPool,
  type PoolFactory,
  type VelithonVariables,
} from "velithon";

export class GrowingBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  append(text: string): void {
    // One UTF-16 unit takes at most three bytes in UTF-8.
    this.#reserve(this.length + text.length * 3);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  #reserve(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(size, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** A copy: the buffer itself goes back to its pool. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

const encoder = new TextEncoder();

export class BufferFactory implements PoolFactory<GrowingBuffer> {
  readonly initialSize: number;
  readonly keepUpTo: number;

  constructor(initialSize = 2048, keepUpTo: number = initialSize * 4) {
    this.initialSize = initialSize;
    this.keepUpTo = keepUpTo;
  }

  create(): GrowingBuffer {
    return new GrowingBuffer(this.initialSize);
  }

  /** What it returns is kept in the object's place. Returning nothing keeps the object. */
  reset(buffer: GrowingBuffer): GrowingBuffer {
    if (buffer.bytes.length > this.keepUpTo) return this.create();
    buffer.length = 0;
    return buffer;
  }
}

export function createBufferPool(factory: BufferFactory = new BufferFactory()): ObjectPool<GrowingBuffer> {
  return getMemoryOptimizer().createObjectPool({ name: "buffers", factory, maxSize: 50 });
}

export function createExportApp(pool: ObjectPool<GrowingBuffer>): Hono<{ Variables: VelithonVariables }> {
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryOptimization());
  app.get("/export/:rows{[0-9]{1,5}}", (c) => {
    // Goes back by itself once the response has left, also when the code below throws.
    const buffer = c.var.velithon.context.acquire(pool);
    for (let row = 0; row < Number(c.req.param("rows")); row++)
      buffer.append(`${row},name ${row},${row * row}\n`);
    return c.body(buffer.toBytes(), 200, { "content-type": "text/csv" });
  });
  return app;
}
