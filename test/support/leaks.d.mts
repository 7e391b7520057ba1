export const leaks: readonly ((i: number) => void)[];
export function keepsSessions(i: number): void;
export function cachesTheLast(i: number): void;
export function litters(i: number): number;
export function letGo(): void;
