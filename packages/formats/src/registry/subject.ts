import type { FormatPlace } from '../format.js'
import { FormatOptionError } from '../format-option-error.js'

/**
 * How the subject of a schema is named: after the topic (`orders-value`), after the record or message type
 * (`com.shop.Order`), or both (`orders-com.shop.Order`).
 */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record'

export interface SubjectOptions {
  /** Default `topic`. */
  readonly subjectStrategy?: SubjectStrategy
  /** The subject's own name, or a function that makes it. Instead of a strategy. */
  readonly subject?: string | ((place: FormatPlace, recordName: string | undefined) => string)
}

/** @returns undefined when the name depends on the place and there is none. */
export type SubjectOf = (place: FormatPlace | undefined) => string | undefined

/**
 * @param recordName Full name of the record or message type, where the schema has one.
 * @throws FormatOptionError when the options contradict each other, or need a name that there is not.
 */
export function subjectNaming({ subject, subjectStrategy }: SubjectOptions, recordName: string | undefined): SubjectOf {
  if (subject !== undefined && subjectStrategy !== undefined) {
    throw new FormatOptionError('subject and subjectStrategy contradict each other: give one of them')
  }
  if (typeof subject === 'string') return () => subject
  if (subject !== undefined) return (place) => (place === undefined ? undefined : subject(place, recordName))
  switch (subjectStrategy) {
    case undefined:
    case 'topic':
      return (place) => (place === undefined ? undefined : `${place.topic}-${place.part}`)
    case 'record': {
      const name = needed(recordName, subjectStrategy)
      return () => name
    }
    case 'topic-record': {
      const name = needed(recordName, subjectStrategy)
      return (place) => (place === undefined ? undefined : `${place.topic}-${name}`)
    }
    default:
      throw new FormatOptionError(
        `subjectStrategy expects topic, record or topic-record, not ${String(subjectStrategy)}`,
      )
  }
}

function needed(recordName: string | undefined, strategy: SubjectStrategy): string {
  if (recordName !== undefined) return recordName
  throw new FormatOptionError(
    `subjectStrategy ${strategy} needs a schema that has a name: give the schema, or another strategy`,
  )
}
