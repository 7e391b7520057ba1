/** A megabyte as all of this library means it: 2^20 bytes. */
export const MB: number = 1024 * 1024;
