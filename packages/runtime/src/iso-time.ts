/** Of JavaScript's dates, in milliseconds before and after 1970. */
const LAST_DATE = 8.64e15

/** What no calendar has, such as nanoseconds that were taken for milliseconds, is shown as it is. @param ms since 1970 */
export function isoTime(ms: number): string {
  return Math.abs(ms) > LAST_DATE ? String(ms) : new Date(ms).toISOString()
}
