/** Bytes in a megabyte, as the forms mean it. A vendor whose megabyte is another says so in its own folder. */
export const MB = 1_000_000;

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
