export const ALPHA = 0.01;
