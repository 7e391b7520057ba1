import type { DashboardState } from "../state.ts";

export interface Table {
  readonly title: string;
  readonly about?: (state: DashboardState) => string;
  readonly head: readonly string[];
  /** Said in place of a table without rows; without it such a table is left out. */
  readonly none?: (state: DashboardState) => string;
  readonly rows: (state: DashboardState) => readonly (readonly string[])[];
}
