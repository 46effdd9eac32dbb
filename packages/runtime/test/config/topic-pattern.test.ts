import { describe, expect, test } from 'vitest'
import { patternFault } from '../../src/config/topic-pattern.js'

describe('a pattern that librdkafka and JavaScript read alike', () => {
  test.each([
    '^orders',
    '^orders-.*$',
    '^(eu|us)\\.orders-[0-9]+$',
    '^[^_].*',
    '^a{2}b{2,}c{2,3}$',
    '^a?b+c*$',
    '^price\\$\\{x\\}$',
    '^[a-z.*+?(){}|$-]+$',
  ])('%s', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined()
  })
})

describe('what only one of them knows is refused', () => {
  test.each([
    ['^orders\\d', 'classes, anchors and references'],
    ['^\\worders', 'classes, anchors and references'],
    ['^(a)\\1', 'classes, anchors and references'],
    ['^\\p{L}', 'classes, anchors and references'],
    ['^\\<orders', 'classes, anchors and references'],
    ['^(?:orders)', 'groups that begin with (?'],
    ['^(?=orders)', 'groups that begin with (?'],
    ['^(?<name>orders)', 'groups that begin with (?'],
    ['^a*?', 'a quantifier behind another'],
    ['^a{2}?', 'a quantifier behind another'],
    ['^a{', 'a { that is no'],
    ['^a{,3}', 'a { that is no'],
    ['^orders[[:digit:]]', 'reads a set'],
    ['^orders[\\d]', 'reads a set'],
    ['^orders[\\]]', 'reads a set'],
    ['^orders[]]', 'reads a set'],
    ['^orders[^]]', 'reads a set'],
    ['^orders(', 'is not a regular expression'],
  ])('%s', (pattern, why) => {
    expect(patternFault(pattern)).toContain(why)
  })
})
