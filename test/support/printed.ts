/** The lines that a program writes to the console. */
export async function printed(run: () => unknown): Promise<readonly string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines;
}
