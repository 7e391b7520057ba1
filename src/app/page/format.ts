/** How figures are written. What is not known is a dash, never a 0. */

export const NONE = "–";

/** At most three digits that mean something. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)));
}

export function count(value: number | undefined): string {
  return value === undefined ? NONE : Math.round(value).toLocaleString("en");
}

export function megabytes(mb: number | undefined): string {
  if (mb === undefined) return NONE;
  if (Math.abs(mb) >= 1024) return `${digits(mb / 1024)} GB`;
  return Math.abs(mb) >= 1 || mb === 0 ? `${digits(mb)} MB` : `${digits(mb * 1024)} KB`;
}

export function bytes(value: number | undefined): string {
  return megabytes(value === undefined ? undefined : value / 1024 / 1024);
}

export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return NONE;
  if (ms >= 60_000) return `${digits(ms / 60_000)} min`;
  if (ms >= 1000) return `${digits(ms / 1000)} s`;
  return ms >= 0.1 || ms === 0 ? `${digits(ms)} ms` : `${digits(ms * 1000)} µs`;
}

/** How long until something, roughly. */
export function duration(hours: number): string {
  const minutes = Math.max(1, Math.round(hours * 60));
  if (minutes < 90) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return hours < 48 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
}

export function percent(ratio: number | undefined): string {
  return ratio === undefined ? NONE : `${digits(ratio * 100)} %`;
}

export function day(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${at.getDate()}/${at.getMonth() + 1}`;
}

export function clock(seconds: number, withSeconds: boolean): string {
  const at = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(at.getSeconds())}` : minutes;
}
