/** What the compiled governor exports (assembly/governor.ts). Addresses and whole numbers are i32, the rest f64. */
export interface GovernorExports {
  readonly memory: WebAssembly.Memory;
  scratchAddress(): number;
}
