/** A structured logger, in pino's shape: fields first, an error among them as `err`, then the message. Default: `consoleLogger`. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const told = (value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : JSON.stringify(value);

/** One line, and errors with their stack. Fields that are objects are for loggers that write them all. */
export function line(fields: object, message: string): unknown[] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const plain = entries.filter(([, value]) => typeof value !== "object" && value !== message);
  const words = plain.map(([name, value]) => ` ${name}=${told(value)}`);
  const errors = entries.map(([, value]) => value).filter((value) => value instanceof Error);
  return [`velithon: ${message}${words.join("")}`, ...errors];
}

/** Writes one line to the console: the message, and the fields that are no objects. */
export const consoleLogger: Logger = {
  info: (fields, message) => console.info(...line(fields, message)),
  warn: (fields, message) => console.warn(...line(fields, message)),
  error: (fields, message) => console.error(...line(fields, message)),
};

/**
 * The same logger, for whoever logs from a timer: what it throws would end the program. Then the line goes to
 * the console instead, with the error.
 */
export function steady(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch (error) {
        consoleLogger.error({ ...fields, loggerError: error }, message);
      }
    };
  return { info: guard("info"), warn: guard("warn"), error: guard("error") };
}
