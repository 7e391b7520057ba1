import { MB } from "../shared/units.ts";

const GB = 1024 * MB;

/** @internal "312 MB", "1.4 GB". */
export function size(bytes: number): string {
  // What would be written as 1024 MB.
  if (bytes >= GB - MB / 2) return `${(bytes / GB).toFixed(1)} GB`;
  return bytes >= 10 * MB ? `${Math.round(bytes / MB)} MB` : `${(bytes / MB).toFixed(1)} MB`;
}

/** @internal "40 s", "12 min", "4 h 10 min", "3 days". */
export function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  if (minutes >= 2880) return `${Math.round(minutes / 1440)} days`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
