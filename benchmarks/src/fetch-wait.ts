/**
 * librdkafka's mock cluster answers a fetch that finds nothing after `fetch.wait.max.ms` and not when a record arrives, as Kafka
 * does: by default, which is tens and hundreds of milliseconds, nothing else would be seen. Both sides of a suite get the same.
 */
export function fetchWait(embedded: boolean): Record<string, number> {
  return embedded ? { 'fetch.wait.max.ms': 1 } : {}
}
