/** The same bytes; `done` is called once when they were read to the end, failed, or were given up. */
export function watched(
  body: ReadableStream<Uint8Array>,
  done: (sent: boolean) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done: end, value } = await reader.read();
          if (!end) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        done(true);
      },
      cancel(reason) {
        done(false);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
