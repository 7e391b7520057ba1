import type { TextFile } from "../../src/shared/port.ts";
import { FakeClock } from "./clock.ts";

/** The kernel's files under the test's hand, beside its clock: `files` by path, and who opens and reads them. */
export class FakeFiles extends FakeClock {
  readonly files: Record<string, string>;
  /** Paths of files that are open now, and how often each path was read. */
  readonly openFiles: string[] = [];
  readonly fileReads: Record<string, number> = {};

  constructor(files: Record<string, string>) {
    super();
    this.files = files;
  }

  openText(path: string): TextFile | undefined {
    if (this.files[path] === undefined) return undefined;
    this.openFiles.push(path);
    let open = true;
    return {
      read: () => {
        if (!open) return undefined;
        this.fileReads[path] = (this.fileReads[path] ?? 0) + 1;
        return this.files[path];
      },
      close: () => {
        if (open) this.openFiles.splice(this.openFiles.indexOf(path), 1);
        open = false;
      },
    };
  }
}
