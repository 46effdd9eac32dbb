import type { OtelApi, Span } from './otel.js'
import { attribute } from './semconv.js'

/** Says on a span why what it is about has failed. @param error anything that was thrown */
export function failSpan(api: OtelApi, span: Span, error: unknown): void {
  const { message, type } = said(error)
  span.recordException(error instanceof Error ? error : message)
  span.setStatus({ code: api.SpanStatusCode.ERROR, message })
  span.setAttribute(attribute.errorType, type)
}

/** `type`: the error's code where it has one, else its class. */
function said(error: unknown): { message: string; type: string } {
  if (typeof error !== 'object' || error === null) return { message: String(error), type: typeof error }
  const { message = '', name = 'Error', code } = error as { message?: unknown; name?: unknown; code?: unknown }
  const hasCode = typeof code === 'string' || typeof code === 'number'
  return { message: String(message), type: hasCode ? String(code) : String(name) }
}
