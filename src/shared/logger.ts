/** A structured logger, in pino's shape: fields first, an error among them as `err`, then the message. Default: `console`. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const consoleLogger: Logger = {
  info: (fields, message) => console.info(message, fields),
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
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
