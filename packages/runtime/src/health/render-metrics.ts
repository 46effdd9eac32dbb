/** The metrics of a work as Prometheus' text. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Measurements } from './metric-entry.js'
import { metricTable } from './metric-table.js'

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * Each scrape has a registry of its own: works in one process do not clash, and what is gone, such as a partition that was
 * revoked, leaves no series behind.
 *
 * @param group the consumer group, a label of every sample
 */
export function renderMetrics(of: Measurements, group: string): Promise<string> {
  const registry = new Registry()
  registry.setDefaultLabels({ group })
  for (const { name, type, help, labels, read } of metricTable) {
    const options = { name, help, labelNames: labels, registers: [registry] }
    if (type === 'counter') {
      const counter = new Counter(options)
      for (const { labels, value } of read(of)) counter.inc(labels, value)
    } else {
      const gauge = new Gauge(options)
      for (const { labels, value } of read(of)) gauge.set(labels, value)
    }
  }
  return registry.metrics()
}
